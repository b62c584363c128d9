/** A string, or a number outside of strings, of a JSON text. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[-+.\deE]*/g
/** Doubles keep any decimal of up to this many digits. */
const SAFE_DIGITS = 15

/**
 * JSON text in which each number that a double may not hold to the last digit is a string of the same digits: a saved
 * cursor of 9007199254740993 must not become its neighbour.
 */
export function quoteInexactNumbers(text: string): string {
  return text.replace(TOKEN, (token) => (isExact(token) ? token : `"${token}"`))
}

function isExact(token: string): boolean {
  if (token.startsWith('"')) return true
  const digits = token.replace(/[eE].*/, '').replace(/\D/g, '').length
  return digits <= SAFE_DIGITS || String(Number(token)) === token
}
