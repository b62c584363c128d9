import type { JsonObject } from '../json/json.ts'
import {
  writeBitElement,
  writeBool,
  writeBoolText,
  writeBytea,
  writeByteaElement,
  writeJsonb,
  writeUuid,
  writeXml,
} from './bytes.ts'
import { writeGeometric } from './geometric.ts'
import { writeHstore } from './hstore.ts'
import {
  writeFloat8,
  writeFloatText,
  writeInt2,
  writeInt4,
  writeInt8,
  writeNumberText,
  writeNumeric,
  writeOid,
} from './numbers.ts'
import type { ArrowTypeName, PgType, ValueWriter } from './pg-type.ts'
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
export const INTEGER = { type: 'number', airbyte_type: 'integer' } as const
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
  /** Where the official connector gives another value inside an array than alone. */
  readonly element?: { readonly jsonSchema: JsonObject; readonly writeText: ValueWriter }
}

type Traits = Partial<Omit<TypeEntry, 'name' | 'jsonSchema' | 'writeText'>>

function entry(
  name: string,
  jsonSchema: JsonObject,
  writeText: ValueWriter,
  traits: Traits = {},
): TypeEntry {
  return { name, jsonSchema, writeText, arrow: 'utf8', isCursor: false, ...traits }
}

function cursor(arrow: ArrowTypeName, writeBinary?: ValueWriter, traits: Traits = {}): Traits {
  return { isCursor: true, arrow, ...(writeBinary && { writeBinary }), ...traits }
}

const TEXTUAL = { isCursor: true, writeBinary: writeString } as const
const NUMBER_ELEMENT = { jsonSchema: NUMBER, writeText: writeNumberText } as const
const BIT = { isCursor: true, element: { jsonSchema: BOOLEAN, writeText: writeBitElement } }

/** Types of pg_catalog that are not plain strings, or that have a binary form worth reading. */
const BUILT_IN: readonly TypeEntry[] = [
  entry('bool', BOOLEAN, writeBoolText, cursor('bool', writeBool)),
  entry('int2', INTEGER, writeNumberText, cursor('int64', writeInt2)),
  entry('int4', INTEGER, writeNumberText, cursor('int64', writeInt4)),
  entry('int8', INTEGER, writeNumberText, cursor('int64', writeInt8)),
  entry('oid', INTEGER, writeNumberText, {
    ...cursor('int64', writeOid),
    element: { jsonSchema: NUMBER, writeText: writeNumberText },
  }),
  entry('float4', NUMBER, writeFloatText, cursor('float64')),
  entry('float8', NUMBER, writeFloatText, cursor('float64', writeFloat8)),
  entry('numeric', NUMBER, writeNumberText, {
    ...cursor('float64', writeNumeric),
    element: NUMBER_ELEMENT,
  }),
  entry('money', NUMBER, writeNumberText, {
    writeBinary: writeNumeric,
    castTo: 'pg_catalog.numeric',
    element: NUMBER_ELEMENT,
  }),
  entry('text', STRING, writeString, TEXTUAL),
  entry('varchar', STRING, writeString, TEXTUAL),
  entry('bpchar', STRING, writeString, TEXTUAL),
  entry('name', STRING, writeString, TEXTUAL),
  entry('char', STRING, writeString, { isCursor: true }),
  entry('bit', STRING, writeString, BIT),
  entry('varbit', STRING, writeString, BIT),
  entry('bytea', STRING, writeString, {
    ...cursor('utf8', writeBytea),
    element: { jsonSchema: STRING, writeText: writeByteaElement },
  }),
  entry('uuid', STRING, writeString, cursor('utf8', writeUuid)),
  entry('json', STRING, writeString, { writeBinary: writeString }),
  entry('jsonb', STRING, writeString, { writeBinary: writeJsonb }),
  entry('xml', STRING, writeXml),
  entry('date', DATE, writeDateText, cursor('date32', writeDate)),
  entry('time', TIME, writeTimeText, cursor('utf8', writeTime)),
  entry('timetz', TIME_TZ, writeTimeTzText, cursor('utf8', writeTimeTz)),
  entry('timestamp', TIMESTAMP, writeTimestampText, cursor('timestamp[ns]', writeTimestamp)),
  entry('timestamptz', TIMESTAMP_TZ, writeTimestampTzText, {
    ...cursor('timestamp[ns, UTC]', writeTimestampTz),
  }),
  ...['point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle'].map((name) =>
    entry(name, STRING, writeGeometric),
  ),
]

/** Types that extensions bring, in whatever schema they were installed. */
const EXTENSION: readonly TypeEntry[] = [
  entry('citext', STRING, writeString, TEXTUAL),
  entry('hstore', STRING, writeHstore),
]

const BUILT_IN_BY_NAME = new Map(BUILT_IN.map((type) => [type.name, type]))
const EXTENSION_BY_NAME = new Map(EXTENSION.map((type) => [type.name, type]))

/** The entry of a base type, or undefined: then it is read as its text and is a string. */
export function findEntry(schema: string, name: string): TypeEntry | undefined {
  return schema === 'pg_catalog' ? BUILT_IN_BY_NAME.get(name) : EXTENSION_BY_NAME.get(name)
}

/** A type that the registry does not know: its text, as a string. */
export function textEntry(name: string): TypeEntry {
  return entry(name, STRING, writeString)
}
