import { ident, literal } from '../sql.ts'

/** The comparisons of a btree operator class, in the order of their strategy numbers. */
export const COMPARISONS = ['<', '<=', '=', '>=', '>'] as const
export type Comparison = (typeof COMPARISONS)[number]

/** The name of an operator or a type. */
export interface QualifiedName {
  readonly schema: string
  readonly name: string
}

/** What the order of a type is made of. */
export interface TypeOrderFacts {
  /** The type that is compared: for a domain, its base. */
  readonly type: QualifiedName
  /** Of the type's default btree operator class, one for each of `COMPARISONS`. */
  readonly operators: readonly QualifiedName[]
  /** SQL of the text that the output function gives for an expression. */
  readonly toText: (expression: string) => string
}

/**
 * How SQL compares the values of a type: by the operators of its default btree operator class, which ORDER BY, indexes
 * and max() use, too. Operators and types are qualified, so that no search_path leads to others: under one without
 * citext's schema, `<` would compare citext values as text.
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

  /** `left comparison right`, both of just the type: `cast` and `literal` give such operands. */
  compare(left: string, comparison: Comparison, right: string): string {
    const { schema, name } = this.#operators[COMPARISONS.indexOf(comparison)]!
    return `${left} OPERATOR(${ident(schema)}.${name}) ${right}`
  }

  /** A value of the type or of a domain over it; a polymorphic operator does not take a domain for what it is made of. */
  cast(expression: string): string {
    return `${expression}::${this.#type}`
  }

  /** A value by its text, without the constraints and the modifier that a column may have. */
  literal(text: string): string {
    return this.cast(literal(text))
  }

  /** The text of a value, as the type's output function gives it. */
  toText(expression: string): string {
    return this.#toText(expression)
  }
}
