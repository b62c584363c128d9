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
import { withDecimals } from './decimals.ts'
import { writeFloat4 } from './float/float4.ts'
import { printHstore, writeHstore } from './hstore.ts'
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
import { type CursorTraits } from './pg-type.ts'
import {
  charPrinter,
  printBits,
  printBool,
  printBytea,
  printUuid,
  printVersioned,
} from './printers/byte-printers.ts'
import { printFloat4, printFloat8, printNumeric } from './printers/number-printers.ts'
import { printText, printed } from './printers/printer.ts'
import {
  printDate,
  printTime,
  printTimeTz,
  printTimestamp,
  printTimestampTz,
} from './printers/time-printers.ts'
import {
  writeDate,
  writeDateText,
  writeTime,
  writeTimeText,
  writeTimeTz,
  writeTimeTzText,
  writeTimestamp,
  writeTimestampText,
  writeTimestampTz,
  writeTimestampTzText,
} from './temporal.ts'
import { LTREE_TYPES, TEXT_TYPES } from './text-types.ts'
import { writeString } from './text.ts'
import {
  BOOLEAN,
  DATE,
  INTEGER,
  NUMBER,
  ORDERED,
  STRING,
  TIME,
  TIMESTAMP,
  TIMESTAMP_TZ,
  TIME_TZ,
  type TypeEntry,
  arrow,
  entry,
} from './type-entry.ts'

/** Where a base type is defined. */
export interface TypeSource {
  readonly schema: string
  /** `typname` */
  readonly name: string
  /** Name of the extension that the type belongs to; null: none. */
  readonly extension: string | null
}

const WHOLE_TEXT = arrow('utf8', { isTotal: true })

const ONE_FORM: CursorTraits = { ...ORDERED, hasOneForm: true }
const CALENDAR: CursorTraits = { ...ONE_FORM, nonFiniteBound: () => 'infinity' }
const CLOCK: CursorTraits = { ...CALENDAR, isClock: true }
const FLOAT: CursorTraits = { ...ORDERED, nonFiniteBound: () => 'Infinity' }
const MAJOR_WITH_NUMERIC_INFINITY = 14
const DECIMAL: CursorTraits = {
  ...ORDERED,
  nonFiniteBound: (major) => (major >= MAJOR_WITH_NUMERIC_INFINITY ? 'Infinity' : 'NaN'),
}

/** Types whose send function returns the text. */
const SENT_AS_TEXT = {
  print: () => printText,
  writeBinary: writeString,
  arrow: WHOLE_TEXT,
} as const
const TEXTUAL = { ...SENT_AS_TEXT, cursor: ORDERED } as const
const NUMBER_ELEMENT = { jsonSchema: NUMBER, writeText: writeNumberText } as const
const BIT = {
  print: () => printBits,
  cursor: ORDERED,
  element: {
    jsonSchema: BOOLEAN,
    writeText: writeBitElement,
    writeBinary: printed(printBits, writeBitElement),
  },
}

/** Digits after the point in most currencies and in the locale C. */
const DEFAULT_MONEY_SCALE = 2

/** Types of pg_catalog that are not plain strings, or whose binary form is used. */
const BUILT_IN: readonly TypeEntry[] = [
  entry('bool', BOOLEAN, writeBoolText, {
    print: () => printBool,
    writeBinary: writeBool,
    cursor: ONE_FORM,
    arrow: arrow('bool', { isTotal: true }),
  }),
  entry('int2', INTEGER, writeNumberText, {
    print: () => writeInt2,
    writeBinary: writeInt2,
    cursor: ONE_FORM,
    arrow: arrow('int64', { exact: 'int16', source: 'int2', isTotal: true }),
  }),
  entry('int4', INTEGER, writeNumberText, {
    print: () => writeInt4,
    writeBinary: writeInt4,
    cursor: ONE_FORM,
    arrow: arrow('int64', { exact: 'int32', source: 'int4', isTotal: true }),
  }),
  entry('int8', INTEGER, writeNumberText, {
    print: () => writeInt8,
    writeBinary: writeInt8,
    cursor: ONE_FORM,
    arrow: arrow('int64', { source: 'int8', isTotal: true }),
  }),
  entry('oid', INTEGER, writeNumberText, {
    print: () => writeOid,
    writeBinary: writeOid,
    cursor: ONE_FORM,
    arrow: arrow('int64', { source: 'uint4', isTotal: true }),
    element: NUMBER_ELEMENT,
  }),
  entry('float4', NUMBER, writeFloatText, {
    print: () => printFloat4,
    // COPY reads the text, which the server prints faster than the connector. In the log, a type in
    // text form would require all columns to be in text form
    inLog: () => ({ writeText: writeFloatText, writeBinary: writeFloat4 }),
    cursor: FLOAT,
    arrow: arrow('float64', { source: 'float4', isTotal: true }),
  }),
  entry('float8', NUMBER, writeFloatText, {
    print: () => printFloat8,
    writeBinary: writeFloat8,
    cursor: FLOAT,
    arrow: arrow('float64', { source: 'float8', isTotal: true }),
  }),
  entry('numeric', NUMBER, writeNumberText, {
    print: () => printNumeric,
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
  entry('char', STRING, writeString, { print: ({ major }) => charPrinter(major), cursor: ORDERED }),
  entry('bit', STRING, writeString, BIT),
  entry('varbit', STRING, writeString, BIT),
  entry('bytea', STRING, writeString, {
    print: () => printBytea,
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
    print: () => printUuid,
    writeBinary: writeUuid,
    cursor: ONE_FORM,
    arrow: arrow('utf8', { exact: 'fixed_size_binary[16]', isTotal: true }),
  }),
  entry('json', STRING, writeString, SENT_AS_TEXT),
  entry('jsonb', STRING, writeString, {
    print: () => printVersioned,
    writeBinary: writeJsonb,
    arrow: WHOLE_TEXT,
  }),
  entry('xml', STRING, writeXml, { print: () => printText }),
  entry('date', DATE, writeDateText, {
    print: () => printDate,
    writeBinary: writeDate,
    cursor: CALENDAR,
    arrow: arrow('date32'),
  }),
  entry('time', TIME, writeTimeText, {
    print: () => printTime,
    writeBinary: writeTime,
    cursor: ONE_FORM,
  }),
  entry('timetz', TIME_TZ, writeTimeTzText, {
    print: () => printTimeTz,
    writeBinary: writeTimeTz,
    cursor: ONE_FORM,
  }),
  entry('timestamp', TIMESTAMP, writeTimestampText, {
    print: () => printTimestamp,
    writeBinary: writeTimestamp,
    cursor: CLOCK,
    arrow: arrow('timestamp[ns]', { exact: 'timestamp[us]' }),
  }),
  entry('timestamptz', TIMESTAMP_TZ, writeTimestampTzText, {
    print: () => printTimestampTz,
    writeBinary: writeTimestampTz,
    cursor: CLOCK,
    arrow: arrow('timestamp[ns, UTC]', { exact: 'timestamp[us, UTC]' }),
  }),
  ...TEXT_TYPES,
]

/** Types by the name of their extension, which may be installed in any schema. */
const EXTENSION: Readonly<Record<string, readonly TypeEntry[]>> = {
  citext: [entry('citext', STRING, writeString, TEXTUAL)],
  hstore: [entry('hstore', STRING, writeHstore, { print: () => printHstore })],
  ltree: LTREE_TYPES,
}

const BUILT_IN_BY_NAME = new Map(BUILT_IN.map((type) => [type.name, type]))
const BY_EXTENSION = new Map(
  Object.entries(EXTENSION).map(([name, types]) => [name, new Map(types.map((t) => [t.name, t]))]),
)

/**
 * Finds the entry of a base type. Without an entry, the type is read as its text and is a string.
 */
export function findEntry({ schema, name, extension }: TypeSource): TypeEntry | undefined {
  if (schema === 'pg_catalog') return BUILT_IN_BY_NAME.get(name)
  return BY_EXTENSION.get(extension ?? '')?.get(name)
}

/** Entry of a type outside the registry: a string, read as its text. */
export function textEntry(name: string): TypeEntry {
  return entry(name, STRING, writeString)
}

/** Entry of an enum: its label, which its send function also returns. */
export function enumEntry(name: string): TypeEntry {
  return entry(name, STRING, writeString, TEXTUAL)
}
