/** A string, or a number outside of strings, of a JSON text. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[-+.\deE]*/g
/** Doubles keep any decimal of up to this many digits. */
const SAFE_DIGITS = 15

/**
 * JSON text in which each number that a double may not hold to the last digit is a string of the same digits: a saved
 * cursor of 9007199254740993 must not become its neighbour.
 */
export function quoteInexactNumbers(text: string): string {
  return text.replace(TOKEN, (token) =>
    token.startsWith('"') || isExactNumber(token) ? token : `"${token}"`,
  )
}

/** Whether a double gives the digits of a JSON number back. */
export function isExactNumber(digits: string): boolean {
  const count = digits.replace(/[eE].*/, '').replace(/\D/g, '').length
  return count <= SAFE_DIGITS || String(Number(digits)) === digits
}
