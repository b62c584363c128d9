import type { Json } from '../helpers/messages.ts'
import type { StreamChoice } from '../helpers/consumer.ts'

/** A method of reading table `big`, and whether an earlier sync has read its first row. */
export interface ReadMode {
  readonly name: string
  readonly stream: StreamChoice
  readonly config: Json
  readonly isLater: boolean
}

const XMIN = { replication_method: { method: 'Xmin' } }
const BY_CURSOR: StreamChoice = { name: 'big', cursorField: 'changed' }
const BY_XMIN: StreamChoice = { name: 'big', syncMode: 'incremental' }

/** Every method, in its first load and after it. */
export const READ_MODES: readonly ReadMode[] = [
  { name: 'a full refresh', stream: { name: 'big' }, config: {}, isLater: false },
  { name: 'the first load by cursor', stream: BY_CURSOR, config: {}, isLater: false },
  { name: 'a later sync by cursor', stream: BY_CURSOR, config: {}, isLater: true },
  { name: 'the first load by xmin', stream: BY_XMIN, config: XMIN, isLater: false },
  { name: 'a later sync by xmin', stream: BY_XMIN, config: XMIN, isLater: true },
]

/**
 * Number of rows of table `big`: 60 MB, so that the server is still sending when the consumer has a
 * quarter of them.
 */
export const BIG_ROWS = 40_000

/** Creates `big` with its first row. */
export const CREATE_BIG = `
  CREATE TABLE big (id bigint, changed bigint, note text);
  CREATE INDEX ON big (changed);
  INSERT INTO big VALUES (1, 1, 'first')`

/** Inserts the other rows of `big`. */
export const FILL_BIG = `
  INSERT INTO big SELECT n, n, repeat('x', 1500) FROM generate_series(2, ${BIG_ROWS}) AS n;
  ANALYZE big`
