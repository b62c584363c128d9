import { writeBool, writeBytea, writeJsonb, writeUuid } from '../types/bytes.ts'
import { arrayWriter } from '../types/array/array.ts'
import {
  writeFloat8,
  writeFloatText,
  writeInt2,
  writeInt4,
  writeInt8,
  writeNumberText,
  writeNumeric,
  writeOid,
} from '../types/numbers.ts'
import type { ValueWriter } from '../types/pg-type.ts'
import {
  writeDate,
  writeTime,
  writeTimestamp,
  writeTimestampTz,
  writeTimeTz,
} from '../types/temporal.ts'
import { writeString } from '../types/text.ts'
import { double, int } from './bytes.ts'
import type { Random } from './random.ts'

/**
 * Generates values for a writer in their binary form: common values, rare ones and the limits of
 * ranges.
 */
export interface BinaryValues {
  readonly name: string
  readonly write: ValueWriter
  readonly make: (random: Random) => Buffer
}

const MICROS_PER_DAY = 86_400_000_000n
const LETTERS = [
  'a',
  'b',
  'c',
  ' ',
  'x',
  '"',
  '\\',
  '\n',
  '\t',
  '\0',
  '\u001f',
  '\u007f',
  'é',
  '€',
  '😀',
  '\u2028',
]
/**
 * Bytes that are not UTF-8: overlong, a surrogate, above U+10FFFF, a lone continuation byte, an
 * incomplete sequence.
 */
const NOT_UTF8 = ['c080', 'e08080', 'eda080', 'f4908080', '80', 'ff', 'e282', 'f09f98', 'c3'].map(
  (hex) => Buffer.from(hex, 'hex'),
)
const NUMBERS = [
  '0',
  '-0',
  '1.5e+10',
  '00',
  '1.',
  '.5',
  '1e',
  '-',
  '',
  'NaN',
  '-Infinity',
  '1e5',
  '+1',
  '1.50',
]
const DAYS = [-730_120, -730_119, -1, 0, 2_921_939, 2_921_940, 0x7fff_ffff, -0x8000_0000]

function intValues(size: 2 | 4 | 8, write: ValueWriter): BinaryValues {
  return { name: write.op!, write, make: (random) => int(size, BigInt(random.integer(8 * size))) }
}

/** Values for every op, and for two writers without one. */
export const BINARY_VALUES: readonly BinaryValues[] = [
  intValues(2, writeInt2),
  intValues(4, writeInt4),
  intValues(8, writeInt8),
  intValues(4, writeOid),
  { name: 'Bool', write: writeBool, make: (random) => Buffer.from([random.below(3)]) },
  { name: 'Float8', write: writeFloat8, make: float8 },
  { name: 'Numeric', write: writeNumeric, make: numeric },
  { name: 'NumberText', write: writeNumberText, make: numberText },
  { name: 'NumberText of a float', write: writeFloatText, make: numberText },
  { name: 'Text', write: writeString, make: text },
  {
    name: 'Jsonb',
    write: writeJsonb,
    make: (random) => Buffer.concat([Buffer.of(1), text(random)]),
  },
  { name: 'Bytea', write: writeBytea, make: (random) => bytes(random, random.below(50)) },
  { name: 'Uuid', write: writeUuid, make: (random) => bytes(random, 16) },
  { name: 'Date', write: writeDate, make: (random) => int(4, day(random)) },
  { name: 'Time', write: writeTime, make: (random) => int(8, timeOfDay(random)) },
  { name: 'Timestamp', write: writeTimestamp, make: (random) => int(8, instant(random)) },
  { name: 'TimestampTz', write: writeTimestampTz, make: (random) => int(8, instant(random)) },
  { name: 'timetz', write: writeTimeTz, make: timeTz },
  { name: 'int4[]', write: arrayWriter(writeNumberText, ','), make: integers },
]

function bytes(random: Random, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => random.below(256)))
}

function text(random: Random): Buffer {
  const length = random.pick([0, 1, 15, 16, 17, 40, 130])
  const isPlain = random.oneIn(2)
  const letters = Array.from({ length }, () => (isPlain ? 'x' : random.pick(LETTERS)))
  const valid = Buffer.from(letters.join(''))
  if (!random.oneIn(20)) return valid
  const at = random.below(valid.length + 1)
  return Buffer.concat([valid.subarray(0, at), random.pick(NOT_UTF8), valid.subarray(at)])
}

/**
 * Also with digits that the server would not send: leading and trailing zero digits, and scales
 * that cut digits off.
 */
function numeric(random: Random): Buffer {
  const count = random.pick([0, 1, 2, 3, 5, 40])
  const digits = Array.from({ length: count }, () => random.pick([0, 1, 42, 999, 9999]))
  const weight = random.between(-3, random.oneIn(20) ? 200 : count + 4)
  const scale = random.pick([0, 0, 1, 2, 7, 20, random.oneIn(20) ? 1000 : 4 * count + 48])
  const sign = random.oneIn(20) ? random.pick([0xc000, 0xd000, 0xf000]) : random.pick([0, 0x4000])
  return Buffer.concat([count, weight, sign, scale, ...digits].map((word) => int(2, word)))
}

function float8(random: Random): Buffer {
  return double(
    random.pick([
      () => random.double(),
      () => Number(random.integer(64)),
      () => Number(random.integer(40)) / 100,
      () => Number(random.integer(54)) / 2 ** random.below(70),
      () => Number(`${random.digits(random.between(1, 17))}e${random.between(-22, 4)}`),
      () => 10 ** random.between(-6, 17) * (1 + random.between(-1, 1) * Number.EPSILON),
      () => random.pick([0, -0, NaN, Infinity, -Infinity, 1e-4, 1e15, 5e-324, 0.1 + 0.2, 2 ** 53]),
    ])(),
  )
}

function numberText(random: Random): Buffer {
  return Buffer.from(random.oneIn(3) ? random.pick(NUMBERS) : String(random.double()))
}

function day(random: Random): number {
  return random.oneIn(10) ? random.pick(DAYS) : random.between(-40_000, 40_000)
}

function timeOfDay(random: Random): bigint {
  const unit = random.pick([1n, 1000n, 1_000_000n, 60_000_000n])
  if (random.oneIn(50)) return random.pick([MICROS_PER_DAY, MICROS_PER_DAY - 1n])
  return ((BigInt(random.word()) << 16n) % (MICROS_PER_DAY / unit)) * unit
}

function instant(random: Random): bigint {
  if (random.oneIn(10)) return BigInt(random.integer(64))
  return BigInt(day(random)) * MICROS_PER_DAY + timeOfDay(random)
}

function timeTz(random: Random): Buffer {
  return Buffer.concat([int(8, timeOfDay(random)), int(4, random.between(-57_599, 57_599))])
}

function integers(random: Random): Buffer {
  return Buffer.from(`{${random.repeat(5, () => random.pick([random.integer(32), 'NULL']), ',')}}`)
}
