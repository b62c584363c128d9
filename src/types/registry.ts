import type { JsonObject } from '../json/json.ts'
import {
  writeBinaryByteaElement,
  writeBitElement,
  writeBool,
  writeBoolText,
  writeBytea,
  writeByteaElement,
  writeJsonb,
  writeUuid,
  writeXml,
} from './bytes.ts'
import { writeFloat4 } from './float4.ts'
import { writeGeometric } from './geometric.ts'
import { writeHstore } from './hstore.ts'
import {
  moneyForms,
  writeFloat8,
  writeFloatText,
  writeInt2,
  writeInt4,
  writeInt8,
  writeNumberText,
  writeNumeric,
  writeOid,
} from './numbers.ts'
import type {
  ArrowTraits,
  ArrowTypeName,
  CursorTraits,
  LogForms,
  PgType,
  ValueWriter,
} from './pg-type.ts'
import {
  writeDate,
  writeDateText,
  writeTime,
  writeTimestamp,
  writeTimestampText,
  writeTimestampTz,
  writeTimestampTzText,
  writeTimeText,
  writeTimeTz,
  writeTimeTzText,
} from './temporal.ts'
import { writeString } from './text.ts'

/** The fragments of section 3.4 of the protocol's type system. */
const STRING = { type: 'string' } as const
const NUMBER = { type: 'number' } as const
const INTEGER = { type: 'number', airbyte_type: 'integer' } as const
const BOOLEAN = { type: 'boolean' } as const
const DATE = { type: 'string', format: 'date' } as const
const TIME = { type: 'string', format: 'time', airbyte_type: 'time_without_timezone' } as const
const TIME_TZ = { type: 'string', format: 'time', airbyte_type: 'time_with_timezone' } as const
const TIMESTAMP = {
  type: 'string',
  format: 'date-time',
  airbyte_type: 'timestamp_without_timezone',
} as const
const TIMESTAMP_TZ = {
  type: 'string',
  format: 'date-time',
  airbyte_type: 'timestamp_with_timezone',
} as const

/** An entry of the registry: a type, and what is different about it in special places. */
export interface TypeEntry extends PgType {
  /** The type that a SELECT casts it to first; the writers read that type's forms. */
  readonly castTo?: string
  /** The forms that the log has, if a SELECT casts the type or reads it as text. */
  readonly inLog?: (facts: MoneyFacts) => LogForms
  /** Where the official connector gives another value inside an array than alone. */
  readonly element?: LogForms & { readonly jsonSchema: JsonObject }
  /** What a column with this `atttypmod` has. Absent: the modifier changes nothing. */
  readonly withModifier?: (type: TypeEntry, typmod: number) => PgType
}

/** What the session says of money. */
export interface MoneyFacts {
  /** Digits behind the point, by `lc_monetary`; null: the type is not money. */
  readonly moneyScale: number | null
}

/** Where a base type is defined. */
export interface TypeSource {
  readonly schema: string
  /** `typname` */
  readonly name: string
  /** The extension that it belongs to; null: none. */
  readonly extension: string | null
}

type Traits = Partial<Omit<TypeEntry, 'name' | 'jsonSchema' | 'writeText'>>

function entry(
  name: string,
  jsonSchema: JsonObject,
  writeText: ValueWriter,
  traits: Traits = {},
): TypeEntry {
  return { name, jsonSchema, writeText, arrow: TEXT, cursor: null, ...traits }
}

function arrow(type: ArrowTypeName, traits: Partial<ArrowTraits> = {}): ArrowTraits {
  return { default: type, exact: type, isTotal: false, ...traits }
}

const TEXT = arrow('utf8')
const WHOLE_TEXT = arrow('utf8', { isTotal: true })

/** A cursor of which nothing is known but that its values are ordered. */
export const ORDERED: CursorTraits = { isClock: false, hasOneForm: false, nonFiniteBound: null }
const ONE_FORM: CursorTraits = { ...ORDERED, hasOneForm: true }
const CALENDAR: CursorTraits = { ...ONE_FORM, nonFiniteBound: () => 'infinity' }
const CLOCK: CursorTraits = { ...CALENDAR, isClock: true }
const FLOAT: CursorTraits = { ...ORDERED, nonFiniteBound: () => 'Infinity' }
const MAJOR_WITH_NUMERIC_INFINITY = 14
const DECIMAL: CursorTraits = {
  ...ORDERED,
  nonFiniteBound: (major) => (major >= MAJOR_WITH_NUMERIC_INFINITY ? 'Infinity' : 'NaN'),
}

/** Types whose send function gives their text. */
const SENT_AS_TEXT = { writeBinary: writeString, arrow: WHOLE_TEXT } as const
const TEXTUAL = { ...SENT_AS_TEXT, cursor: ORDERED } as const
const NUMBER_ELEMENT = { jsonSchema: NUMBER, writeText: writeNumberText } as const
const BIT = { cursor: ORDERED, element: { jsonSchema: BOOLEAN, writeText: writeBitElement } }

/** Of most currencies, and of the locale C. */
const DEFAULT_MONEY_SCALE = 2

/** Types of pg_catalog that are not plain strings, or that have a binary form worth reading. */
const BUILT_IN: readonly TypeEntry[] = [
  entry('bool', BOOLEAN, writeBoolText, {
    writeBinary: writeBool,
    cursor: ONE_FORM,
    arrow: arrow('bool', { isTotal: true }),
  }),
  entry('int2', INTEGER, writeNumberText, {
    writeBinary: writeInt2,
    cursor: ONE_FORM,
    arrow: arrow('int64', { exact: 'int16', source: 'int2', isTotal: true }),
  }),
  entry('int4', INTEGER, writeNumberText, {
    writeBinary: writeInt4,
    cursor: ONE_FORM,
    arrow: arrow('int64', { exact: 'int32', source: 'int4', isTotal: true }),
  }),
  entry('int8', INTEGER, writeNumberText, {
    writeBinary: writeInt8,
    cursor: ONE_FORM,
    arrow: arrow('int64', { source: 'int8', isTotal: true }),
  }),
  entry('oid', INTEGER, writeNumberText, {
    writeBinary: writeOid,
    cursor: ONE_FORM,
    arrow: arrow('int64', { source: 'uint4', isTotal: true }),
    element: NUMBER_ELEMENT,
  }),
  entry('float4', NUMBER, writeFloatText, {
    // A server that prints it takes less time than the connector, unless it prints the whole log for it
    inLog: () => ({ writeText: writeFloatText, writeBinary: writeFloat4 }),
    cursor: FLOAT,
    arrow: arrow('float64', { source: 'float4', isTotal: true }),
  }),
  entry('float8', NUMBER, writeFloatText, {
    writeBinary: writeFloat8,
    cursor: FLOAT,
    arrow: arrow('float64', { source: 'float8', isTotal: true }),
  }),
  entry('numeric', NUMBER, writeNumberText, {
    writeBinary: writeNumeric,
    cursor: DECIMAL,
    arrow: arrow('float64', { exact: 'decimal', source: 'numeric' }),
    element: NUMBER_ELEMENT,
    withModifier: withDecimals,
  }),
  entry('money', NUMBER, writeNumberText, {
    writeBinary: writeNumeric,
    castTo: 'pg_catalog.numeric',
    inLog: ({ moneyScale }) => moneyForms(moneyScale ?? DEFAULT_MONEY_SCALE),
    element: NUMBER_ELEMENT,
  }),
  entry('text', STRING, writeString, TEXTUAL),
  entry('varchar', STRING, writeString, TEXTUAL),
  entry('bpchar', STRING, writeString, TEXTUAL),
  entry('name', STRING, writeString, TEXTUAL),
  entry('char', STRING, writeString, { cursor: ORDERED }),
  entry('bit', STRING, writeString, BIT),
  entry('varbit', STRING, writeString, BIT),
  entry('bytea', STRING, writeString, {
    writeBinary: writeBytea,
    cursor: ONE_FORM,
    arrow: WHOLE_TEXT,
    element: {
      jsonSchema: STRING,
      writeText: writeByteaElement,
      writeBinary: writeBinaryByteaElement,
    },
  }),
  entry('uuid', STRING, writeString, {
    writeBinary: writeUuid,
    cursor: ONE_FORM,
    arrow: arrow('utf8', { exact: 'fixed_size_binary[16]', isTotal: true }),
  }),
  entry('json', STRING, writeString, SENT_AS_TEXT),
  entry('jsonb', STRING, writeString, { writeBinary: writeJsonb, arrow: WHOLE_TEXT }),
  entry('xml', STRING, writeXml),
  entry('date', DATE, writeDateText, {
    writeBinary: writeDate,
    cursor: CALENDAR,
    arrow: arrow('date32'),
  }),
  entry('time', TIME, writeTimeText, { writeBinary: writeTime, cursor: ONE_FORM }),
  entry('timetz', TIME_TZ, writeTimeTzText, { writeBinary: writeTimeTz, cursor: ONE_FORM }),
  entry('timestamp', TIMESTAMP, writeTimestampText, {
    writeBinary: writeTimestamp,
    cursor: CLOCK,
    arrow: arrow('timestamp[ns]', { exact: 'timestamp[us]' }),
  }),
  entry('timestamptz', TIMESTAMP_TZ, writeTimestampTzText, {
    writeBinary: writeTimestampTz,
    cursor: CLOCK,
    arrow: arrow('timestamp[ns, UTC]', { exact: 'timestamp[us, UTC]' }),
  }),
  ...['point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle'].map((name) =>
    entry(name, STRING, writeGeometric),
  ),
]

/** Types by the extension that they belong to, in whatever schema it was installed. */
const EXTENSION: Readonly<Record<string, readonly TypeEntry[]>> = {
  citext: [entry('citext', STRING, writeString, TEXTUAL)],
  hstore: [entry('hstore', STRING, writeHstore)],
}

const BUILT_IN_BY_NAME = new Map(BUILT_IN.map((type) => [type.name, type]))
const BY_EXTENSION = new Map(
  Object.entries(EXTENSION).map(([name, types]) => [name, new Map(types.map((t) => [t.name, t]))]),
)

/** The entry of a base type, or undefined: then it is read as its text and is a string. */
export function findEntry({ schema, name, extension }: TypeSource): TypeEntry | undefined {
  if (schema === 'pg_catalog') return BUILT_IN_BY_NAME.get(name)
  return BY_EXTENSION.get(extension ?? '')?.get(name)
}

/** A type that the registry does not know: its text, as a string. */
export function textEntry(name: string): TypeEntry {
  return entry(name, STRING, writeString)
}

/** An enum: its label, which is also what its send function gives. */
export function enumEntry(name: string): TypeEntry {
  return entry(name, STRING, writeString, TEXTUAL)
}

/** `typmod` of numeric is ((precision << 16) | scale) + 4; the scale is a signed 11-bit number. */
const TYPMOD_OFFSET = 4
const SCALE_SIGN = 1024
const SCALE_MASK = 2047
const PRECISION_BITS = 16

/** numeric(p,s) says how many digits there are; numeric(p,0) holds integers only. */
function withDecimals(type: TypeEntry, typmod: number): PgType {
  if (typmod < TYPMOD_OFFSET) return type
  const scale = (((typmod - TYPMOD_OFFSET) & SCALE_MASK) ^ SCALE_SIGN) - SCALE_SIGN
  const precision = (typmod - TYPMOD_OFFSET) >> PRECISION_BITS
  const decimal = { precision, scale }
  return scale <= 0 ? { ...type, decimal, jsonSchema: INTEGER } : { ...type, decimal }
}
