/** Matches a string of a JSON text, or a number outside of strings. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[-+.\deE]*/g
/** A double keeps every decimal of up to this many digits. */
const SAFE_DIGITS = 15

/**
 * Converts each number of a JSON text that a double cannot hold exactly to a string of the same
 * digits: a saved cursor of 9007199254740993 must not become 9007199254740992.
 */
export function quoteInexactNumbers(text: string): string {
  return text.replace(TOKEN, (token) =>
    token.startsWith('"') || isExactNumber(token) ? token : `"${token}"`,
  )
}

/** Whether a double keeps all digits of a JSON number. */
export function isExactNumber(digits: string): boolean {
  const count = digits.replace(/[eE].*/, '').replace(/\D/g, '').length
  return count <= SAFE_DIGITS || String(Number(digits)) === digits
}
