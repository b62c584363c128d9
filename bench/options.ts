/**
 * Parses the value of an option; underscores may group its digits.
 * @throws Error if it is not a positive integer.
 */
export function positiveInteger(name: string, text: string): number {
  const value = Number(text.replaceAll('_', ''))
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`--${name} must be a positive whole number, not '${text}'`)
}
