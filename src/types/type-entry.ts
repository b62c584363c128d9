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

/** The fragments of section 3.4 of the protocol's type system. */
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

/** An entry of the registry: a type, and what is different about it in special places. */
export interface TypeEntry extends PgType {
  /** The type that a SELECT casts it to first; the writers read that type's forms. */
  readonly castTo?: string
  /**
   * Prints the binary form as the output function does: for the log, also inside of other types. Absent: it depends on
   * what the server alone can tell.
   */
  readonly print?: (facts: TypeFacts) => Printer
  /** COPY has the binary form, too: with `print` it costs the server and the connector less than the text. */
  readonly isCopiedInBinary?: true
  /** The forms that the log has, if a SELECT casts the type or reads it as text. */
  readonly inLog?: (facts: TypeFacts) => LogForms
  /** Where the official connector gives another value inside an array than alone. */
  readonly element?: LogForms & { readonly jsonSchema: JsonObject }
  /** What a column with this `atttypmod` has. Absent: the modifier changes nothing. */
  readonly withModifier?: (type: TypeEntry, typmod: number) => PgType
}

/** What the forms of some types depend on. */
export interface TypeFacts {
  /** Version of the server. */
  readonly major: number
  /** Digits behind the point, by `lc_monetary`; null: the type is not money. */
  readonly moneyScale: number | null
}

type Traits = Partial<Omit<TypeEntry, 'name' | 'jsonSchema' | 'writeText'>>

/** A type that is a text in Arrow and no cursor, unless its traits say otherwise. */
export function entry(
  name: string,
  jsonSchema: JsonObject,
  writeText: ValueWriter,
  traits: Traits = {},
): TypeEntry {
  return { name, jsonSchema, writeText, arrow: TEXT, cursor: null, ...traits }
}

/** An Arrow column of the same type with and without `--arrow-exact`, unless its traits say otherwise. */
export function arrow(type: ArrowTypeName, traits: Partial<ArrowTraits> = {}): ArrowTraits {
  return { default: type, exact: type, isTotal: false, ...traits }
}

const TEXT = arrow('utf8')

/** A cursor of which nothing is known but that its values are ordered. */
export const ORDERED: CursorTraits = { isClock: false, hasOneForm: false, nonFiniteBound: null }
