import type { Outcome, ValueWriter } from '../types/pg-type.ts'

/** What the module does with the rows of one stream, in the form that it reads. */
export interface Program {
  readonly bytes: Buffer
  /** By column: called for the values that the module does not write. */
  readonly writers: readonly ValueWriter[]
  /** What the module gets for a value that ends at `end`. */
  resultOf(outcome: Outcome, end: number): number
  /** Where it is in the module's memory, while `generation` is that of the memory. */
  at: number
  generation: number
}
