import type { Json } from '../helpers/messages.ts'
import type { Consumer } from '../helpers/consumer.ts'
import { CursorTable } from '../replication/cursor/cursor-table.ts'

/** Number of rows of `filledTable`, whose ids and cursors are 1 to `ROWS`. */
export const ROWS = 2000

/** Position of the states of the official connector: rows up to this one have been read. */
export const SAVED = 1500

/** Keys that every state of version 3 has. */
export const V3: Json = { version: 3, stream_name: '', stream_namespace: '' }

/** Creates a table of many pages that was not read yet. */
export async function filledTable(config: Json = {}, hasCursorField = true): Promise<CursorTable> {
  const table = await CursorTable.create({ config, hasCursorField })
  await table.commit(
    `INSERT INTO t SELECT n, n, repeat('x', 300) FROM generate_series(1, ${ROWS}) AS n`,
  )
  return table
}

/** Passes a `stream_state` to the next sync. */
export function give(consumer: Consumer, state: Json): void {
  const stream = { stream_descriptor: { name: 't', namespace: 'public' }, stream_state: state }
  consumer.states = [{ type: 'STREAM', stream }]
}
