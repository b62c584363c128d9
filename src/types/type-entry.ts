import type { JsonObject } from '../json/json.ts'
import type {
  ArrowTraits,
  ArrowTypeName,
  CursorTraits,
  LogForms,
  PgType,
  ValueWriter,
} from './pg-type.ts'
import type { Printer } from './printers/printer.ts'

/** Schemas of section 3.4 of the protocol's type system. */
export const STRING = { type: 'string' } as const
export const NUMBER = { type: 'number' } as const
export const INTEGER = { type: 'number', airbyte_type: 'integer' } as const
export const BOOLEAN = { type: 'boolean' } as const
export const DATE = { type: 'string', format: 'date' } as const
export const TIME = {
  type: 'string',
  format: 'time',
  airbyte_type: 'time_without_timezone',
} as const
export const TIME_TZ = {
  type: 'string',
  format: 'time',
  airbyte_type: 'time_with_timezone',
} as const
export const TIMESTAMP = {
  type: 'string',
  format: 'date-time',
  airbyte_type: 'timestamp_without_timezone',
} as const
export const TIMESTAMP_TZ = {
  type: 'string',
  format: 'date-time',
  airbyte_type: 'timestamp_with_timezone',
} as const

/** Entry of the registry: a type, and how its values differ in arrays, casts and the log. */
export interface TypeEntry extends PgType {
  /** Type to which a SELECT casts the value. The writers read the forms of that type. */
  readonly castTo?: string
  /**
   * Prints the binary form like the output function: for the log, also inside other types. Absent:
   * printing needs facts that only the server has.
   */
  readonly print?: (facts: TypeFacts) => Printer
  /**
   * COPY uses the binary form, too: with `print` it costs the server and the connector less than
   * the text.
   */
  readonly isCopiedInBinary?: true
  /** Forms in the log, if a SELECT casts the type or reads it as text. */
  readonly inLog?: (facts: TypeFacts) => LogForms
  /** Forms and schema inside an array, if the official connector writes them differently there. */
  readonly element?: LogForms & { readonly jsonSchema: JsonObject }
  /** Returns the type of a column with this `atttypmod`. Absent: the modifier changes nothing. */
  readonly withModifier?: (type: TypeEntry, typmod: number) => PgType
}

/** Facts about the server on which the forms of some types depend. */
export interface TypeFacts {
  /** Major version of the server. */
  readonly major: number
  /** Digits after the point, given by `lc_monetary`; null: the type is not money. */
  readonly moneyScale: number | null
}

type Traits = Partial<Omit<TypeEntry, 'name' | 'jsonSchema' | 'writeText'>>

/** Builds the entry of a type that is text in Arrow and not a cursor, unless the traits differ. */
export function entry(
  name: string,
  jsonSchema: JsonObject,
  writeText: ValueWriter,
  traits: Traits = {},
): TypeEntry {
  return { name, jsonSchema, writeText, arrow: TEXT, cursor: null, ...traits }
}

/**
 * Builds the traits of an Arrow column that is the same with and without `--arrow-exact`, unless
 * the traits differ.
 */
export function arrow(type: ArrowTypeName, traits: Partial<ArrowTraits> = {}): ArrowTraits {
  return { default: type, exact: type, isTotal: false, ...traits }
}

const TEXT = arrow('utf8')

/** Cursor traits of a type whose values are ordered and have no other known property. */
export const ORDERED: CursorTraits = { isClock: false, hasOneForm: false, nonFiniteBound: null }
