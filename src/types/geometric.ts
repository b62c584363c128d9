import { EXACT, type ValueWriter } from './pg-type.ts'

const NUMBER = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g
const POSITIONAL_MIN = 1e-3
const POSITIONAL_MAX = 1e7

/**
 * point, line, lseg, box, path, polygon, circle, text: `(3,7)` → `(3.0,7.0)`. The official connector prints them with
 * Java's doubles; the digits are the server's, only their layout changes.
 */
export const writeGeometric: ValueWriter = (out, bytes, start, end) => {
  const text = bytes.toString('latin1', start, end).replace(NUMBER, javaDouble)
  out.latin1(`"${text}"`)
  return EXACT
}

/** The digits of a float8 in the layout of Java's `Double.toString`. */
function javaDouble(digits: string): string {
  const value = Number(digits)
  const magnitude = Math.abs(value)
  if (magnitude === 0 || (magnitude >= POSITIONAL_MIN && magnitude < POSITIONAL_MAX)) {
    return digits.includes('e') ? value.toFixed(1) : withPoint(digits)
  }
  const [mantissa = '', exponent = '0'] = scientific(digits)
  return `${withPoint(mantissa)}E${exponent}`
}

/** `123.45e+10` → [`1.2345`, `12`], moving the point without touching the digits. */
function scientific(digits: string): [string, string] {
  const [number = '', exponent = '0'] = digits.replace('-', '').split(/e\+?/)
  const [whole = '', fraction = ''] = splitSigned(number)
  const all = (whole + fraction).replace(/^0+/, '')
  const leading = whole.replace(/^0+/, '')
  const shift = leading === '' ? -(fraction.match(/^0*/)![0].length + 1) : leading.length - 1
  const rest = all.slice(1).replace(/0+$/, '')
  const sign = digits.startsWith('-') ? '-' : ''
  return [`${sign}${all[0]}.${rest === '' ? '0' : rest}`, `${Number(exponent) + shift}`]
}

function splitSigned(number: string): string[] {
  return number.split('.')
}

function withPoint(digits: string): string {
  return digits.includes('.') ? digits : `${digits}.0`
}
