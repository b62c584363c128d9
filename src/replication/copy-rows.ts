import { RecordEncoder } from '../records/record-encoder.ts'
import type { TupleSink } from '../wire/copy-stream.ts'
import type { ReadContext, RowsRead } from './method.ts'
import type { StreamPlan } from './stream-plan.ts'

/** Word that one of several COPY statements has been read to its end. */
export interface StatementEnd {
  readonly type: 'STATEMENT'
  /** Its place in the list. */
  readonly index: number
}

/** The encoder that writes a plan's records to the output. */
export function recordEncoder(plan: StreamPlan, context: ReadContext): RecordEncoder {
  return new RecordEncoder(context.out, plan.descriptor, plan.fields, context.emittedAtMs)
}

/** Runs SELECTs one after the other as COPY, without a round trip between them; the rows go to `sink`. */
export async function* copyRows(
  selects: readonly string[],
  { plan, context, encoder, sink = encoder }: CopyTarget,
): AsyncGenerator<RowsRead | StatementEnd> {
  const copy = context.transaction.copy(selects, sink)
  let rows = encoder.rows
  let bytes = 0
  for (let index = 0; ;) {
    const progress = await copy.read()
    if (encoder.rows > rows) {
      const { descriptor } = plan
      yield {
        type: 'ROWS',
        descriptor,
        rows: encoder.rows - rows,
        bytes: copy.receivedBytes - bytes,
      }
      rows = encoder.rows
      bytes = copy.receivedBytes
    }
    if (progress === 'end') return
    if (progress === 'statement') yield { type: 'STATEMENT', index: index++ }
  }
}

/** Where the rows of a stream go. */
export interface CopyTarget {
  readonly plan: StreamPlan
  readonly context: ReadContext
  readonly encoder: RecordEncoder
  /** Stands before the encoder when something is to be learnt from each row. */
  readonly sink?: TupleSink
}

/** `SELECT …` of a plan's columns; behind them whatever follows. */
export function selectColumns(plan: StreamPlan, rest: string): string {
  return `SELECT ${plan.columns.map((column) => column.select).join(', ')} ${rest}`
}
