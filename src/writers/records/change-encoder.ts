import type { BoundColumn, ChangeSink } from '../../replication/feed.ts'
import { type LogForms, logForms, type ValueWriter } from '../../types/pg-type.ts'
import { BINARY_KIND, type LogTuple, TEXT_KIND, UNCHANGED_KIND } from '../../wire/log-tuple.ts'
import type { RecordLine } from './record-line.ts'

/** Index of a column that the relation does not have. */
const NO_COLUMN = -1

/** Encodes tuples of one relation of the log as RECORD lines. */
export class ChangeEncoder implements ChangeSink {
  readonly #line: RecordLine
  /**
   * By selected field: the index of its column in the relation, and the writers of that column's
   * type.
   */
  readonly #columns: Int32Array
  readonly #textWriters: readonly ValueWriter[]
  readonly #binaryWriters: readonly ValueWriter[]

  constructor(line: RecordLine, columns: readonly (BoundColumn | null)[]) {
    this.#line = line
    this.#columns = Int32Array.from(columns, (column) => column?.index ?? NO_COLUMN)
    this.#textWriters = columns.map((column) => formsOf(column)?.writeText ?? unreadable)
    this.#binaryWriters = columns.map((column) => formsOf(column)?.writeBinary ?? unreadable)
  }

  change(tuple: LogTuple): void {
    const line = this.#line
    line.begin()
    try {
      this.#values(tuple)
      line.end()
    } catch (error) {
      line.cancel()
      throw error
    }
  }

  #values(tuple: LogTuple): void {
    const line = this.#line
    const columns = this.#columns
    const { bytes, kinds, starts, ends } = tuple
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]!
      const kind = column === NO_COLUMN ? 0 : kinds[column]!
      if (kind === TEXT_KIND) {
        line.value(i, this.#textWriters[i]!, bytes, starts[column]!, ends[column]!)
      } else if (kind === BINARY_KIND) {
        line.value(i, this.#binaryWriters[i]!, bytes, starts[column]!, ends[column]!)
      } else if (kind === UNCHANGED_KIND) line.missing(i)
      else line.null(i)
    }
  }
}

function formsOf(column: BoundColumn | null): LogForms | null {
  return column === null ? null : logForms(column.type)
}

/** The log is in binary form although a column has no writer for it. */
const unreadable: ValueWriter = () => {
  throw new RangeError('damaged replication stream: a value in a form that was not requested')
}
