import type { TupleSink } from '../wire/copy-stream.ts'
import type { ReadContext, RowSink, RowsRead } from './method.ts'
import type { StreamPlan } from './stream-plan.ts'

/** Word that one of several COPY statements has been read to its end. */
export interface StatementEnd {
  readonly type: 'STATEMENT'
  /** Its place in the list. */
  readonly index: number
}

/** Where the rows of a stream go. */
export interface CopyTarget {
  readonly plan: StreamPlan
  readonly context: ReadContext
  readonly encoder: RowSink
  /** Stands before the encoder when something is to be learnt from each row. */
  readonly sink?: TupleSink
}

/**
 * Runs SELECTs one after the other as COPY, without a round trip between them; the rows go to the target. When the read
 * fails, the rows that are in the output by then are told first.
 */
export async function* copyRows(
  selects: readonly string[],
  { context, encoder, sink = encoder }: CopyTarget,
): AsyncGenerator<RowsRead | StatementEnd> {
  const copy = context.transaction.copy(selects, sink)
  let rows = encoder.rows
  let bytes = 0
  let index = 0
  for (let isDone = false; !isDone;) {
    const result = await copy.read().catch((error: unknown) => ({ error }))
    const read = { rows: encoder.rows - rows, bytes: copy.receivedBytes - bytes }
    if (read.rows > 0) {
      rows += read.rows
      bytes += read.bytes
      yield { type: 'ROWS', ...read }
    }
    if (typeof result === 'object') throw result.error
    if (result === 'statement') yield { type: 'STATEMENT', index: index++ }
    isDone = result === 'end'
  }
}

/** `SELECT …` of a plan's columns; behind them whatever follows. */
export function selectColumns(plan: StreamPlan, rest: string): string {
  return `SELECT ${plan.columns.map((column) => column.select).join(', ')} ${rest}`
}
