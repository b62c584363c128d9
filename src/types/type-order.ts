import { ident, literal } from '../sql.ts'

/** Comparisons of a btree operator class, in the order of its strategy numbers. */
export const COMPARISONS = ['<', '<=', '=', '>=', '>'] as const
export type Comparison = (typeof COMPARISONS)[number]

/** Schema and name of an operator or a type. */
export interface QualifiedName {
  readonly schema: string
  readonly name: string
}

/** Facts that define how the values of a type are compared. */
export interface TypeOrderFacts {
  /** The compared type; for a domain, its base type. */
  readonly type: QualifiedName
  /** Operators of the type's default btree operator class, one for each of `COMPARISONS`. */
  readonly operators: readonly QualifiedName[]
  /** Builds the SQL expression of the text that the output function returns for a value. */
  readonly toText: (expression: string) => string
}

/**
 * Builds SQL that compares values of a type with the operators of its default btree operator class,
 * which ORDER BY, indexes and max() also use. Operators and types are qualified, so that the
 * search_path cannot select others. With a search_path without the schema of citext, `<` would
 * compare citext values as text.
 */
export class TypeOrder {
  readonly #type: string
  readonly #operators: readonly QualifiedName[]
  readonly #toText: (expression: string) => string

  constructor({ type, operators, toText }: TypeOrderFacts) {
    this.#type = ident(type.schema, type.name)
    this.#operators = operators
    this.#toText = toText
  }

  /**
   * Builds `left comparison right`. Both operands must have exactly this type, as returned by
   * `cast` and `literal`.
   */
  compare(left: string, comparison: Comparison, right: string): string {
    const { schema, name } = this.#operators[COMPARISONS.indexOf(comparison)]!
    return `${left} OPERATOR(${ident(schema)}.${name}) ${right}`
  }

  /**
   * Casts a value of the type or of a domain over it. A polymorphic operator does not accept a
   * domain in place of its base type.
   */
  cast(expression: string): string {
    return `${expression}::${this.#type}`
  }

  /** Builds a value from its text, without the constraints and the modifier of a column. */
  literal(text: string): string {
    return this.cast(literal(text))
  }

  /** Builds the text of a value, as the type's output function returns it. */
  toText(expression: string): string {
    return this.#toText(expression)
  }
}
