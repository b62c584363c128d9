import type { ValueWriter } from './pg-type.ts'
import { writeString } from './text.ts'

const NUMBER = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g
const POSITIONAL_MIN = 1e-3
const POSITIONAL_MAX = 1e7

/**
 * point, line, lseg, box, path, polygon, circle, text: `(3,7)` → `(3.0,7.0)`. The official
 * connector prints the numbers as Java doubles. The digits are those of the server; only their
 * layout changes.
 */
export const writeGeometric: ValueWriter = (out, bytes, start, end) => {
  const text = Buffer.from(bytes.toString('utf8', start, end).replace(NUMBER, javaDouble))
  return writeString(out, text, 0, text.length)
}

/** The digits of a float8 in the layout of Java's `Double.toString`. */
function javaDouble(digits: string): string {
  const magnitude = Math.abs(Number(digits))
  const isPositional = magnitude >= POSITIONAL_MIN && magnitude < POSITIONAL_MAX
  if (magnitude === 0 || isPositional) return digits.includes('.') ? digits : `${digits}.0`
  return scientific(digits)
}

/** `123.45e+10` → `1.2345E12`: moves the decimal point and keeps the digits. */
function scientific(text: string): string {
  const [number = '', exponent = '0'] = text.split('e')
  const isNegative = number.startsWith('-')
  const [whole = '', fraction = ''] = (isNegative ? number.slice(1) : number).split('.')
  const digits = `${whole}${fraction}`
  const zeros = digits.match(/^0*/)![0].length
  const mantissa = digits.slice(zeros).replace(/0+$/, '')
  const power = Number(exponent) + whole.length - 1 - zeros
  return `${isNegative ? '-' : ''}${mantissa[0]}.${mantissa.slice(1) || '0'}E${power}`
}
