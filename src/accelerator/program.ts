import type { Outcome, ValueWriter } from '../types/pg-type.ts'

/** Program for the rows of one stream, in the form that the module reads. */
export interface Program {
  readonly bytes: Buffer
  /** Indexed by column: called for the values that the module cannot encode. */
  readonly writers: readonly ValueWriter[]
  /** Returns the result of a writer for the module; the value ends at `end`. */
  resultOf(outcome: Outcome, end: number): number
  /** Position in the module's memory. Valid while `generation` is that of the memory. */
  at: number
  generation: number
}
