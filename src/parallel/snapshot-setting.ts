import { ConnectorError, errorCode } from '../errors.ts'
import { connectionLimit } from '../postgres/connection/server-facts.ts'
import type { Database } from '../postgres/session/database.ts'
import { ReadTransaction, type SharedFrom } from '../postgres/session/read-transaction.ts'

/** Connections besides the readers: one holds the snapshot, and one runs the health queries. */
const OTHER_CONNECTIONS = 2
/** Connection that is opened for a short time to probe a silent backend. */
const MOMENTARY_CONNECTIONS = 1
/**
 * Share of the connections free at the start of the run that the readers may use; the rest is left
 * to other clients.
 */
const MAX_FREE_SHARE = 1 / 2
/** Maximum number of streams in a group. All of them are locked while one is read. */
const MAX_GROUPED = 32
/**
 * Share of the server's lock table that a group may use, and locks per stream, including its
 * indexes.
 */
const MAX_LOCK_SHARE = 1 / 16
const LOCKS_PER_STREAM = 8
/**
 * SQLSTATEs of SET TRANSACTION SNAPSHOT for an unknown snapshot, by version: invalid parameter
 * value, undefined object.
 */
const UNKNOWN_SNAPSHOT: ReadonlySet<string> = new Set(['22023', '42704'])

/**
 * Which optional readers are allowed. Each kind is disabled for the rest of the run after such a
 * reader was refused or failed.
 */
export interface ReaderPolicy {
  /** Whether a relation is read on another connection than the one that holds the snapshot. */
  separatesReaders: boolean
  /** Whether a relation may be read by several connections. */
  addsReaders: boolean
}

/** Parameters of a snapshot and its readers. */
export interface SnapshotSetting {
  readonly database: Database
  readonly policy: ReaderPolicy
  /** Snapshot of another process to read in; null: a new one is taken. */
  readonly imported: SharedFrom | null
  /** Logs why nothing is read in parallel. */
  readonly log: (message: string) => void
}

/**
 * Maximum number of readers. A pooler may have no free backend, and the connector would wait for
 * one.
 */
export function readerLimit(database: Database): number {
  const { server } = database
  if (server.isPooled) return 0
  const poolRoom = database.figures().max - OTHER_CONNECTIONS
  const serverRoom = connectionLimit(server) - OTHER_CONNECTIONS - MOMENTARY_CONNECTIONS
  const freeRoom = Math.floor(server.freeConnections * MAX_FREE_SHARE)
  return Math.min(poolRoom, serverRoom, freeRoom)
}

/** Maximum number of streams in a group. */
export function groupLimit({ server }: Database): number {
  const locks = server.lockTableSize * MAX_LOCK_SHARE
  return Math.max(1, Math.min(MAX_GROUPED, Math.floor(locks / LOCKS_PER_STREAM)))
}

/** @throws ConnectorError config_error if the snapshot no longer exists. */
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

/**
 * Returns the error for a lost snapshot. A snapshot ends with the connection that held it; `error`
 * is a consequence.
 */
export function snapshotLost(error: unknown): unknown {
  if (!UNKNOWN_SNAPSHOT.has(errorCode(error) ?? '')) return error
  const message = 'The connection that holds the snapshot was lost. Run the sync again.'
  return new ConnectorError('transient_error', message, { cause: error })
}

/** Logs why there are fewer readers. */
export function logRefusal({ log }: SnapshotSetting, error: unknown): void {
  const { message } = ConnectorError.from(error)
  log(`Parallel reads are disabled for the rest of the sync. ${message}`)
}
