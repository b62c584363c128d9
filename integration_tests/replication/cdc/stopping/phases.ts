import type { Session } from '../../../helpers/session.ts'
import { hangingCommit } from '../hanging-commit.ts'
import { otherReader } from '../other-reader.ts'
import type { SyncUnderWay } from './sync-under-way.ts'

/** Much more than the buffers between the server and a consumer that does not read can hold. */
const FILL = `INSERT INTO big SELECT i, repeat('x', 300) FROM generate_series(1, 30000) AS i`
/** The log leaves out the body. */
const UPDATE_DOCS = "UPDATE docs SET note = 'changed'"

/** Tables of all phases. */
export const TABLES = `
CREATE TABLE big (id int PRIMARY KEY, body text);
CREATE TABLE docs (id int PRIMARY KEY, body text, note text);
ALTER TABLE docs ALTER body SET STORAGE EXTERNAL;
INSERT INTO docs VALUES (1, repeat('x', 10000), 'new');`

/** The phase in which a sync is stopped. */
export interface Phase {
  readonly name: string
  /** Whether the sync continues an earlier one, so that it only reads the log. */
  readonly isLater: boolean
  /** SQL before the sync; each statement is a transaction. */
  readonly sql?: readonly string[]
  readonly method?: Readonly<Record<string, unknown>>
  readonly config?: Readonly<Record<string, unknown>>
  /** Starts the sync and returns when it is in the phase, with the resource that keeps it there. */
  readonly enter: (sync: SyncUnderWay) => Promise<AsyncDisposable | null>
  /** Status of each stream at the end; null: none; default: INCOMPLETE. */
  readonly status?: 'COMPLETE' | 'INCOMPLETE' | null
}

export const PHASES: readonly Phase[] = [
  {
    name: 'while it connects',
    isLater: false,
    status: null,
    enter: async (sync) => {
      sync.proxy.fault = { type: 'silence', afterBytes: 0 }
      sync.start()
      await sync.proxy.silent
      return null
    },
  },
  {
    name: 'while it waits for older transactions, before its snapshot',
    isLater: false,
    enter: async (sync) => await startBeforeSnapshot(sync),
  },
  {
    name: 'while streams that are read again wait for older transactions',
    isLater: true,
    sql: [
      'SELECT pg_drop_replication_slot(current_database())',
      "SELECT pg_create_logical_replication_slot(current_database(), 'pgoutput')",
    ],
    method: { invalid_cdc_cursor_position_behavior: 'Re-sync data' },
    enter: async (sync) => await startBeforeSnapshot(sync),
  },
  {
    name: 'when it has exported its snapshot',
    isLater: false,
    enter: async (sync) => {
      await using old = await startBeforeSnapshot(sync)
      const holder = await lock(sync, 'docs')
      await old.sql('COMMIT')
      await sync.seen("query ~ 'pg_export_snapshot'")
      await sync.seen("wait_event_type = 'Lock'")
      return holder
    },
  },
  {
    name: 'in the rows of the first load',
    isLater: false,
    sql: [FILL],
    enter: async (sync) => {
      sync.start()
      await sync.until(afterRecords(5000))
      return null
    },
  },
  {
    name: 'between load and log, while another process holds the slot',
    isLater: false,
    enter: async (sync) => {
      const reader = await otherReader(sync.cdc)
      sync.start()
      await sync.until(({ record }) => record !== undefined)
      sync.readOn()
      await sync.seen("backend_type = 'walsender'")
      return reader
    },
  },
  {
    name: 'inside of a large transaction of the log',
    isLater: true,
    sql: [FILL],
    enter: async (sync) => {
      sync.start()
      await sync.until(afterRecords(5000))
      return null
    },
  },
  {
    name: 'between transactions of the log',
    isLater: true,
    sql: [UPDATE_DOCS, "INSERT INTO big VALUES (-1, 'one')", FILL],
    config: { batch_size: 1 },
    enter: async (sync) => {
      sync.start()
      await sync.until(({ state }) => state !== undefined)
      return null
    },
  },
  {
    name: 'while a commit of the log waits for a synchronous standby',
    isLater: true,
    sql: [UPDATE_DOCS],
    enter: async (sync) => {
      const commit = await hangingCommit(sync.cdc, "INSERT INTO big VALUES (-1, 'hangs')")
      sync.start()
      sync.readOn()
      const since = await sync.untilSlotIsHeld()
      await sync.seen(`query ~ 'txid_current_snapshot' AND query_start > '${since}'`)
      return commit
    },
  },
  {
    name: 'while it fetches values that the log leaves out',
    isLater: true,
    sql: [FILL, UPDATE_DOCS],
    enter: async (sync) => {
      sync.start()
      await sync.until(({ record }) => record !== undefined)
      const holder = await lock(sync, 'docs')
      sync.readOn()
      await sync.seen("wait_event_type = 'Lock'")
      return holder
    },
  },
  {
    name: 'while it opens the connection that acknowledges its final state',
    isLater: true,
    sql: [UPDATE_DOCS],
    status: 'COMPLETE',
    enter: async (sync) => {
      sync.start()
      await sync.until(({ record }) => record !== undefined)
      sync.proxy.fault = { type: 'silence', afterBytes: 0 }
      sync.readOn()
      await sync.proxy.silent
      return null
    },
  },
]

/**
 * Starts a first sync; an older transaction delays its snapshot for two seconds after it has found
 * its tables.
 */
async function startBeforeSnapshot(sync: SyncUnderWay): Promise<Session> {
  const old = await sync.cdc.db.session()
  await old.sql('BEGIN; SELECT txid_current()')
  sync.start()
  sync.readOn()
  await sync.seen("query ~ 'SELECT pg_catalog.txid_snapshot_xmin'")
  return old
}

async function lock({ cdc }: SyncUnderWay, table: string): Promise<Session> {
  const holder = await cdc.db.session()
  await holder.sql(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`)
  return holder
}

function afterRecords(count: number): (message: { readonly record?: unknown }) => boolean {
  let records = 0
  return ({ record }) => record !== undefined && ++records === count
}
