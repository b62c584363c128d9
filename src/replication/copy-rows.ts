import type { Copier } from '../postgres/copy/copier.ts'
import type { TupleSink } from '../wire/copy-stream.ts'
import type { RowsRead } from './feed.ts'
import type { ReadContext } from './stream-feed.ts'
import type { StreamPlan } from './stream-plan.ts'

/** One of several COPY statements has been read to its end. */
export interface StatementEnd {
  readonly type: 'STATEMENT'
  /** Its index in the list. */
  readonly index: number
}

/** Connections for the COPYs, and a receiver of their rows in place of the stream's sink. */
export interface CopyOptions {
  readonly copier?: Copier
  readonly sink?: TupleSink
}

/** The stream to read, and its context. */
export interface StreamRead {
  readonly plan: StreamPlan
  readonly context: ReadContext
}

/** Runs SELECTs as COPY in sequence, without a round trip between them. */
export async function* copyRows(
  selects: readonly string[],
  read: StreamRead,
  options: CopyOptions = {},
): AsyncGenerator<RowsRead> {
  for await (const event of copyStatements(selects, read, options)) {
    if (event.type === 'ROWS') yield event
  }
}

/**
 * Like `copyRows`, with the ends of the SELECTs. If it fails, it first yields the rows that are
 * already in the output.
 */
export async function* copyStatements(
  selects: readonly string[],
  { plan, context }: StreamRead,
  { copier = context.transaction, sink = context.sink }: CopyOptions = {},
): AsyncGenerator<RowsRead | StatementEnd> {
  const copy = copier.copy(selects, sink)
  let { rows } = context.sink
  let bytes = 0
  let index = 0
  for (let isDone = false; !isDone;) {
    const result = await copy.read().catch((error: unknown) => ({ error }))
    const read = { rows: context.sink.rows - rows, bytes: copy.receivedBytes - bytes }
    if (read.rows > 0) {
      rows += read.rows
      bytes += read.bytes
      yield { type: 'ROWS', plan, ...read }
    }
    if (typeof result === 'object') throw result.error
    if (result === 'statement') yield { type: 'STATEMENT', index: index++ }
    isDone = result === 'end'
  }
}

/** Builds `SELECT …` with a plan's columns, followed by `rest`. */
export function selectColumns(plan: StreamPlan, rest: string): string {
  return `SELECT ${plan.columns.map((column) => column.select).join(', ')} ${rest}`
}
