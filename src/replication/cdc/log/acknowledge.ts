import type { PrepareContext } from '../../feed.ts'
import { cdcConfigOf } from '../cdc-config.ts'
import { LogFollower } from './log-follower.ts'

const NONE = { mayRead: () => false, isSelected: () => false }
/** A filter for a connection that reads no changes. */
const ALL_SEEN = { shows: () => true }

/**
 * Allows the server to remove the log up to `lsn`, on a replication connection that reads no
 * changes.
 */
export async function acknowledge(
  { config, database, log }: PrepareContext,
  lsn: bigint,
): Promise<void> {
  const { slot, publication } = cdcConfigOf(config)
  const options = { slot, publications: [publication], start: lsn, isBinary: false }
  const limits = { target: lsn, batchRows: config.batchSize, intervalMs: 0 }
  const follower = new LogFollower(lsn, limits, { filter: NONE, seen: ALL_SEEN, log })
  await using sender = await database.openWalSender()
  await using reader = sender.read(options, follower, lsn)
  await reader.start()
}
