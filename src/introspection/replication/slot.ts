import { SYSTEM_ID_SQL } from '../server-identity.ts'
import { parseLsn } from '../../lsn.ts'
import type { SqlSession } from '../../postgres/session/sql-session.ts'

/** The process that uses a slot; null where the role may not see it. */
export interface SlotHolder {
  readonly processId: number
  readonly applicationName: string | null
  readonly clientAddress: string | null
  readonly startedAt: string | null
}

/**
 * A replication slot, from `pg_replication_slots`. Values that a major version does not have are
 * null.
 */
export interface Slot {
  readonly type: 'logical' | 'physical'
  readonly plugin: string | null
  readonly database: string | null
  readonly isTemporary: boolean
  /** Whether it is or was synchronized from the primary to this standby; since PostgreSQL 17. */
  readonly isSynced: boolean
  /** Whether transactions are decoded when they are prepared; since PostgreSQL 14. */
  readonly isTwoPhase: boolean
  /** Null: the required log was removed. */
  readonly restartLsn: bigint | null
  readonly confirmedFlushLsn: bigint | null
  /** `reserved`, `extended`, `unreserved` or `lost`; since PostgreSQL 13. */
  readonly walStatus: string | null
  /** Bytes of log until it is lost; since PostgreSQL 13, and only with max_slot_wal_keep_size. */
  readonly safeWalBytes: number | null
  /** Since PostgreSQL 16. */
  readonly isConflicting: boolean
  /** Since PostgreSQL 17. */
  readonly invalidationReason: string | null
  readonly holder: SlotHolder | null
}

/** Facts about the log and the server of a slot. */
export interface LogFacts {
  readonly database: string
  /** `wal_level`; since PostgreSQL 19 the one in effect. */
  readonly walLevel: string
  readonly isStandby: boolean
  /** Position up to which the log is written, or replayed on a standby. */
  readonly endLsn: bigint
  /** `system_identifier` of the cluster; null: the role may not read it. */
  readonly systemId: string | null
  /** Current timeline of the log; null: a standby, or the role may not read it. */
  readonly timeline: number | null
  readonly maxSlots: number
  readonly usedSlots: number
  readonly maxWalSenders: number
  readonly usedWalSenders: number
  /** Since PostgreSQL 18; 0: none. */
  readonly idleSlotTimeoutS: number
  /** Seconds since the slot was last used; null: it is in use, or the server has no such value. */
  readonly idleS: number | null
  /** Null: it does not exist. */
  readonly slot: Slot | null
}

/**
 * The columns of the view differ between versions, so they are read by name from the row as JSON.
 */
const FACTS_SQL = `
SELECT pg_catalog.current_database()::pg_catalog.text AS database,
       coalesce(current_setting('effective_wal_level', true), current_setting('wal_level')) AS "walLevel",
       standby.is_standby AS "isStandby",
       CASE WHEN standby.is_standby
            THEN coalesce(pg_catalog.pg_last_wal_replay_lsn(), pg_catalog.pg_last_wal_receive_lsn())
            ELSE pg_catalog.pg_current_wal_lsn()
       END::pg_catalog.text AS "endLsn",
       ${SYSTEM_ID_SQL} AS "systemId",
       CASE WHEN standby.is_standby OR NOT has_function_privilege('pg_walfile_name(pg_lsn)', 'EXECUTE') THEN NULL
            ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) /* hexadecimal */
       END AS timeline,
       current_setting('max_replication_slots')::pg_catalog.int4 AS "maxSlots",
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots)::pg_catalog.int4 AS "usedSlots",
       current_setting('max_wal_senders')::pg_catalog.int4 AS "maxWalSenders",
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication)::pg_catalog.int4 AS "usedWalSenders",
       coalesce(
         (SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'idle_replication_slot_timeout'),
         '0'
       )::pg_catalog.int4 AS "idleSlotTimeoutS",
       extract(epoch FROM pg_catalog.clock_timestamp()
         - (slot.facts ->> 'inactive_since')::pg_catalog.timestamptz)::pg_catalog.float8 AS "idleS",
       slot.facts AS slot,
       holder.facts AS holder
FROM (SELECT pg_catalog.pg_is_in_recovery() AS is_standby) AS standby
LEFT JOIN LATERAL (
  SELECT pg_catalog.to_jsonb(s) AS facts, s.active_pid
  FROM pg_catalog.pg_replication_slots AS s
  WHERE s.slot_name = $1
) AS slot ON true
LEFT JOIN LATERAL (
  SELECT pg_catalog.jsonb_build_object(
           'pid', a.pid, 'application_name', a.application_name, 'client_addr', a.client_addr,
           'backend_start', a.backend_start) AS facts
  FROM pg_catalog.pg_stat_activity AS a
  WHERE a.pid = slot.active_pid
) AS holder ON true`

type Facts = Readonly<Record<string, unknown>>

interface FactsRow extends Omit<LogFacts, 'endLsn' | 'timeline' | 'slot'> {
  readonly timeline: string | null
  readonly endLsn: string
  readonly slot: Facts | null
  readonly holder: Facts | null
}

/** Reads the facts of the slot `name` and of the server's log, in one query. */
export async function readLogFacts(session: SqlSession, name: string): Promise<LogFacts> {
  const [row] = await session.query<FactsRow>(FACTS_SQL, [name])
  const { holder, slot, endLsn, timeline, ...facts } = row!
  return {
    ...facts,
    timeline: timeline === null ? null : Number.parseInt(timeline, 16),
    endLsn: parseLsn(endLsn),
    slot: slot === null ? null : toSlot(slot, holder),
  }
}

function toSlot(facts: Facts, holder: Facts | null): Slot {
  return {
    type: facts['slot_type'] === 'logical' ? 'logical' : 'physical',
    plugin: textOf(facts, 'plugin'),
    database: textOf(facts, 'database'),
    isTemporary: facts['temporary'] === true,
    isSynced: facts['synced'] === true,
    isTwoPhase: facts['two_phase'] === true,
    restartLsn: lsnOf(facts, 'restart_lsn'),
    confirmedFlushLsn: lsnOf(facts, 'confirmed_flush_lsn'),
    walStatus: textOf(facts, 'wal_status'),
    safeWalBytes: numberOf(facts, 'safe_wal_size'),
    isConflicting: facts['conflicting'] === true,
    invalidationReason: textOf(facts, 'invalidation_reason'),
    holder: toHolder(facts, holder),
  }
}

function toHolder(slot: Facts, holder: Facts | null): SlotHolder | null {
  const processId = numberOf(slot, 'active_pid')
  if (processId === null) return null
  const textOrNull = (name: string) => (holder === null ? null : textOf(holder, name))
  return {
    processId,
    applicationName: textOrNull('application_name'),
    clientAddress: textOrNull('client_addr'),
    startedAt: textOrNull('backend_start'),
  }
}

function textOf(facts: Facts, name: string): string | null {
  const { [name]: value } = facts
  return typeof value === 'string' ? value : null
}

function numberOf(facts: Facts, name: string): number | null {
  const { [name]: value } = facts
  return typeof value === 'number' ? value : null
}

function lsnOf(facts: Facts, name: string): bigint | null {
  const text = textOf(facts, name)
  return text === null ? null : parseLsn(text)
}
