import {
  NUMERIC_INFINITY,
  NUMERIC_MINUS_INFINITY,
  NUMERIC_NAN,
  NUMERIC_NEGATIVE,
} from '../../../types/numbers.ts'
import { DATE_INFINITY, DATE_MINUS_INFINITY } from '../../../types/temporal.ts'
import type { ArrowTypeName, NumberForm, PgType } from '../../../types/pg-type.ts'

/** Parses the text form of a type into its binary form; null: malformed. */
export type ParseText = (text: string) => Buffer | null

const DAYS_1970_TO_2000 = Date.UTC(2000, 0, 1) / 86_400_000
const MICROS_PER_DAY = 86_400_000_000n
const DATE = /^(\d{4,})-(\d\d)-(\d\d)( BC)?$/
const TIMESTAMP = /^(\S+) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:\+00)?( BC)?$/
const NUMERIC = /^(-?)(\d+)(?:\.(\d+))?$/
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/
const NUMERIC_SPECIAL: ReadonlyMap<string, number> = new Map([
  ['NaN', NUMERIC_NAN],
  ['Infinity', NUMERIC_INFINITY],
  ['-Infinity', NUMERIC_MINUS_INFINITY],
])
const BASE_DIGITS = 4

const NUMBERS: Readonly<Record<NumberForm, ParseText>> = {
  int2: (text) => integer(text, 2, -(2n ** 15n)),
  int4: (text) => integer(text, 4, -(2n ** 31n)),
  int8: (text) => integer(text, 8, -(2n ** 63n)),
  uint4: (text) => integer(text, 4, 0n),
  float4: (text) => float(text, 4),
  float8: (text) => float(text, 8),
  numeric,
}

/**
 * Returns a parser of the text of a type for its Arrow column of type `name`; null: the column
 * reads text.
 */
export function parserOf(name: ArrowTypeName, { arrow }: PgType): ParseText | null {
  switch (name) {
    case 'utf8':
      return null
    case 'bool':
      return (text) => (text === 't' || text === 'f' ? Buffer.from([text === 't' ? 1 : 0]) : null)
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float64':
    case 'decimal':
      return NUMBERS[arrow.source ?? 'numeric']
    case 'date32':
      return date
    case 'timestamp[us]':
    case 'timestamp[us, UTC]':
    case 'timestamp[ns]':
    case 'timestamp[ns, UTC]':
      return timestamp
    case 'fixed_size_binary[16]':
      return (text) => (UUID.test(text) ? Buffer.from(text.replaceAll('-', ''), 'hex') : null)
    default:
      return name satisfies never
  }
}

/** @param min the lowest value: 0 for unsigned types. */
function integer(text: string, size: 2 | 4 | 8, min: bigint): Buffer | null {
  if (!/^-?\d+$/.test(text)) return null
  const value = BigInt(text)
  const bits = BigInt(size * 8)
  const max = min === 0n ? 2n ** bits - 1n : -min - 1n
  if (value < min || value > max) return null
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt.asIntN(64, value))
  return bytes.subarray(8 - size)
}

function float(text: string, size: 4 | 8): Buffer | null {
  const value = Number(text)
  if (Number.isNaN(value) && text !== 'NaN') return null
  const bytes = Buffer.alloc(size)
  if (size === 4) bytes.writeFloatBE(value)
  else bytes.writeDoubleBE(value)
  return bytes
}

/** Encodes a numeric like numeric_send, but without zero digits at both ends. */
function numeric(text: string): Buffer | null {
  const special = NUMERIC_SPECIAL.get(text)
  if (special !== undefined) return words([0, 0, special, 0])
  const [, sign, whole = '', fraction = ''] = NUMERIC.exec(text) ?? []
  if (sign === undefined) return null
  const wholeGroups = Math.ceil(whole.length / BASE_DIGITS)
  const fractionGroups = Math.ceil(fraction.length / BASE_DIGITS)
  const digits =
    whole.padStart(wholeGroups * BASE_DIGITS, '0') +
    fraction.padEnd(fractionGroups * BASE_DIGITS, '0')
  const groups = Array.from({ length: wholeGroups + fractionGroups }, (_, index) =>
    Number(digits.slice(index * BASE_DIGITS, (index + 1) * BASE_DIGITS)),
  )
  const weight = wholeGroups - 1
  return words([
    groups.length,
    weight,
    sign === '-' ? NUMERIC_NEGATIVE : 0,
    fraction.length,
    ...groups,
  ])
}

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  values.forEach((value, index) => bytes.writeUInt16BE(value & 0xffff, index * 2))
  return bytes
}

function date(text: string): Buffer | null {
  const days =
    text === 'infinity' ? DATE_INFINITY : text === '-infinity' ? DATE_MINUS_INFINITY : daysOf(text)
  if (days === null) return null
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(days)
  return bytes
}

function timestamp(text: string): Buffer | null {
  const micros =
    text === 'infinity' ? 2n ** 63n - 1n : text === '-infinity' ? -(2n ** 63n) : microsOf(text)
  if (micros === null) return null
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(micros)
  return bytes
}

function microsOf(text: string): bigint | null {
  const [, day = '', hours, minutes, seconds, fraction = '', era = ''] = TIMESTAMP.exec(text) ?? []
  const days = daysOf(day + era)
  if (days === null) return null
  const time = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)
  return BigInt(days) * MICROS_PER_DAY + BigInt(time) * 1_000_000n + BigInt(fraction.padEnd(6, '0'))
}

/**
 * Days since 2000-01-01, for every year of PostgreSQL's range, which exceeds that of a JavaScript
 * Date.
 */
function daysOf(text: string): number | null {
  const [, yearText, month, day, era] = DATE.exec(text) ?? []
  if (yearText === undefined) return null
  const year = era === undefined ? Number(yearText) : 1 - Number(yearText)
  // The calendar repeats every 400 years, which are 146,097 days
  const cycles = Math.floor(year / 400)
  const inCycle = new Date(0).setUTCFullYear(
    year - cycles * 400 + 2000,
    Number(month) - 1,
    Number(day),
  )
  return inCycle / 86_400_000 - DAYS_1970_TO_2000 + (cycles - 5) * 146_097
}
