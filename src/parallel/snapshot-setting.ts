import { ConnectorError, errorCode } from '../errors.ts'
import { connectionLimit } from '../postgres/connection/server-facts.ts'
import type { Database } from '../postgres/session/database.ts'
import { ReadTransaction, type SharedFrom } from '../postgres/session/read-transaction.ts'

/** Besides the readers there is a connection that holds the snapshot, and one for the questions of health. */
const OTHER_CONNECTIONS = 2
/** For a moment there is one more, to look at a silent backend. */
const MOMENTARY_CONNECTIONS = 1
/** What the readers may take of the connections that are free when the run starts: others need some, too. */
const MAX_FREE_SHARE = 1 / 2
/** All streams of a group are locked while one is read. */
const MAX_GROUPED = 32
/** What a group may take of the server's lock table, and what a stream needs of it, with its indexes. */
const MAX_LOCK_SHARE = 1 / 16
const LOCKS_PER_STREAM = 8
/** What SET TRANSACTION SNAPSHOT fails with, by version: invalid parameter value, undefined object. */
const UNKNOWN_SNAPSHOT: ReadonlySet<string> = new Set(['22023', '42704'])

/** What readers are wanted; either is off for the rest of a run once such a reader was refused or has failed. */
export interface ReaderPolicy {
  /** Whether a relation is read on another connection than the one that holds the snapshot. */
  separatesReaders: boolean
  /** Whether a relation may be read by several connections. */
  addsReaders: boolean
}

/** Where the snapshot is taken, and for whom. */
export interface SnapshotSetting {
  readonly database: Database
  readonly policy: ReaderPolicy
  /** Another process's snapshot to read in; null: it takes one. */
  readonly imported: SharedFrom | null
  /** Reports why nothing is read in parallel. */
  readonly log: (message: string) => void
}

/** How many readers there may be. A pooler may have no free backend, and the connector would wait for one. */
export function readerLimit(database: Database): number {
  const { server } = database
  if (server.isPooled) return 0
  const poolRoom = database.figures().max - OTHER_CONNECTIONS
  const serverRoom = connectionLimit(server) - OTHER_CONNECTIONS - MOMENTARY_CONNECTIONS
  const freeRoom = Math.floor(server.freeConnections * MAX_FREE_SHARE)
  return Math.min(poolRoom, serverRoom, freeRoom)
}

/** How many streams may be read in a group. */
export function groupLimit({ server }: Database): number {
  const locks = server.lockTableSize * MAX_LOCK_SHARE
  return Math.max(1, Math.min(MAX_GROUPED, Math.floor(locks / LOCKS_PER_STREAM)))
}

/** @throws ConnectorError config_error if the snapshot is not there any more. */
export async function joinSnapshot(
  database: Database,
  sharedFrom: SharedFrom,
): Promise<ReadTransaction> {
  try {
    return await ReadTransaction.begin(database, { sharedFrom })
  } catch (error) {
    if (!UNKNOWN_SNAPSHOT.has(errorCode(error) ?? '')) throw error
    const message =
      "The snapshot of the shard has been released. Run 'source-postgres shards' again, and keep it running until all shards are read."
    throw new ConnectorError('config_error', message, { cause: error })
  }
}

/** A snapshot is gone with the connection that held it: then `error`, what the server says of it, is a consequence. */
export function snapshotLost(error: unknown): unknown {
  if (!UNKNOWN_SNAPSHOT.has(errorCode(error) ?? '')) return error
  const message = 'The connection that holds the snapshot was lost. Run the sync again.'
  return new ConnectorError('transient_error', message, { cause: error })
}

/** Reports why there are fewer readers. */
export function logRefusal({ log }: SnapshotSetting, error: unknown): void {
  const { message } = ConnectorError.from(error)
  log(`Parallel reads are disabled for the rest of the sync. ${message}`)
}
