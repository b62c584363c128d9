import { type LogFacts, readLogFacts, type Slot } from '../../../introspection/replication/slot.ts'
import { readSlotUsage, type SlotUsage } from '../../../introspection/replication/slot-usage.ts'
import { readCatalogs } from '../../../postgres/session/read-catalogs.ts'
import type { HealthWarning, MethodContext, MethodHealth } from '../../method.ts'
import { cdcConfigOf } from '../cdc-config.ts'
import { bytesBetween } from '../start-cases.ts'
import { idleRisk, lossOf } from './slot-loss.ts'

/** Share of max_slot_wal_keep_size. If less is left, the slot will be lost soon. */
const SAFE_SHARE = 0.2
/**
 * A slot without a limit can fill the disk of the server. 10 GiB are more than most databases write
 * between two syncs.
 */
const MAX_RETAINED_BYTES = 10 * 2 ** 30

/** Reads the health of the config's slot. */
export async function readSlotHealth({
  config,
  database,
}: Omit<MethodContext, 'log'>): Promise<MethodHealth> {
  const { slot: name } = cdcConfigOf(config)
  const { major } = database.server
  return await readCatalogs(database, async (session) => {
    const facts = await readLogFacts(session, name)
    return slotHealth(name, facts, await readSlotUsage(session, { name, major }))
  })
}

/** Describes the health of a slot for the report. */
export function slotHealth(name: string, facts: LogFacts, usage: SlotUsage): MethodHealth {
  const { slot, endLsn } = facts
  if (slot === null) {
    const text = `replication slot "${name}" does not exist`
    return { facts: { replication_slot: null }, warnings: [{ name: 'slot_missing', text }] }
  }
  const replicationSlot = {
    name,
    active: slot.holder !== null,
    wal_status: slot.walStatus,
    retained_bytes: distance(slot.restartLsn, endLsn),
    lag_bytes: distance(slot.confirmedFlushLsn, endLsn),
    safe_wal_bytes: slot.safeWalBytes,
    keep_limit_bytes: usage.keepLimitBytes,
    spilled_transactions: usage.spilledTransactions,
    spilled_bytes: usage.spilledBytes,
  }
  const warning = findWarning(facts, slot, { name, ...usage })
  return {
    facts: { replication_slot: replicationSlot },
    warnings: warning === null ? [] : [warning],
  }
}

function findWarning(
  facts: LogFacts,
  slot: Slot,
  { name, keepLimitBytes }: { name: string } & SlotUsage,
): HealthWarning | null {
  const { endLsn } = facts
  const loss = lossOf(slot)
  if (loss !== null) {
    return { name: 'slot_lost', text: `replication slot "${name}" is invalidated: ${loss.cause}` }
  }
  const idle = idleRisk(facts)
  if (idle !== null) {
    const text = `replication slot "${name}" is about to be invalidated: it ${idle}`
    return { name: 'slot_at_risk', text }
  }
  const restartLsn = slot.restartLsn ?? endLsn
  const retained = bytesBetween(restartLsn, endLsn)
  const isShort =
    keepLimitBytes !== null &&
    slot.safeWalBytes !== null &&
    slot.safeWalBytes < SAFE_SHARE * keepLimitBytes
  if (slot.walStatus === 'unreserved' || isShort) {
    const left = bytesBetween(0n, BigInt(Math.max(slot.safeWalBytes ?? 0, 0)))
    const text = `replication slot "${name}" is about to be invalidated: it retains ${retained} of log, and ${left} are left up to max_slot_wal_keep_size. Raise max_slot_wal_keep_size or sync more often`
    return { name: 'slot_at_risk', text }
  }
  const isLarge = keepLimitBytes === null && endLsn - restartLsn > MAX_RETAINED_BYTES
  if (!isLarge) return null
  const text = `replication slot "${name}" retains ${retained} of log on the disk of the server, and no max_slot_wal_keep_size limits it. Sync more often or set max_slot_wal_keep_size`
  return { name: 'slot_retains_log', text }
}

function distance(from: bigint | null, to: bigint): number | null {
  return from === null ? null : Number(to - from)
}
