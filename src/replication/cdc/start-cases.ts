import { ConnectorError } from '../../errors.ts'
import { createSlot, dropSlot } from '../../introspection/replication/setup-script.ts'
import type { LogFacts } from '../../introspection/replication/slot.ts'
import { formatLsn } from '../../lsn.ts'
import type { TimelineEnds } from '../../postgres/walsender/timeline-history.ts'
import { lossOf } from './slot/slot-loss.ts'
import type { Offset } from './state/offset.ts'

/**
 * Before this version, pgoutput sends a prepared transaction when it is committed, also for a slot
 * created with two_phase.
 */
const MAJOR_WITH_TWO_PHASE_OUTPUT = 15

/** Facts that decide where a sync starts. */
export interface Situation {
  readonly slotName: string
  readonly major: number
  readonly facts: LogFacts
  /** Earlier timelines of the server's log; null: they were not needed, or are unknown. */
  readonly timelines: TimelineEnds | null
  readonly publicationOid: number
  /** From the given state; null: there is none. */
  readonly offset: Offset | null
  /** `invalid_cdc_cursor_position_behavior` */
  readonly onInvalidPosition: 'FAIL' | 'RESYNC'
}

export type Start =
  | { readonly type: 'CONTINUE'; readonly offset: Offset }
  /** All streams are read from the start; `reason` is why a given state is not used. */
  | { readonly type: 'COLD_START'; readonly reason: string | null }

interface Case {
  readonly name: string
  /** The problem and its remedy, or null: this case does not apply. */
  readonly problem: (situation: Situation) => string | null
  /** Whether a new snapshot of all streams is a remedy. */
  readonly canResync: boolean
}

/**
 * Cases by slot, state and server. The first case that applies decides. If none applies, a sync
 * with a state continues, and one without a state is a cold start. Cases 1 to 9: the slot cannot be
 * used, for any state. Cases 10 to 14: it can be used, but the changes since the state are not
 * available, so `invalid_cdc_cursor_position_behavior` decides.
 */
const CASES: readonly Case[] = [
  { name: '1. no slot', canResync: false, problem: missing },
  { name: '2. physical slot', canResync: false, problem: physical },
  { name: '3. other plugin', canResync: false, problem: otherPlugin },
  { name: '4. other database', canResync: false, problem: otherDatabase },
  { name: '5. copy of a slot of the primary', canResync: false, problem: synced },
  { name: '6. temporary slot', canResync: false, problem: temporary },
  { name: '7. two-phase slot', canResync: false, problem: twoPhase },
  { name: '8. unfinished slot', canResync: false, problem: unfinished },
  { name: '9. lost slot', canResync: false, problem: lost },
  { name: '10. other server', canResync: true, problem: otherServer },
  { name: '11. state ahead of the log', canResync: true, problem: aheadOfLog },
  { name: '12. other timeline', canResync: true, problem: otherTimeline },
  { name: '13. state behind the slot', canResync: true, problem: behindSlot },
  { name: '14. other publication', canResync: true, problem: otherPublication },
]

/** Returns why a slot cannot be used for any state; null: it can. */
export function slotProblem(
  situation: Omit<Situation, 'timelines' | 'offset' | 'onInvalidPosition'>,
): string | null {
  const whole: Situation = {
    ...situation,
    timelines: null,
    offset: null,
    onInvalidPosition: 'FAIL',
  }
  for (const { problem } of CASES) {
    const text = problem(whole)
    if (text !== null) return text
  }
  return null
}

/**
 * Decides where a sync starts.
 * @throws ConnectorError config_error with the remedy.
 */
export function decideStart(situation: Situation): Start {
  const { offset, onInvalidPosition } = situation
  for (const { problem, canResync } of CASES) {
    const text = problem(situation)
    if (text === null) continue
    if (canResync && onInvalidPosition === 'RESYNC') return { type: 'COLD_START', reason: text }
    const remedy = canResync
      ? ' Clear the data of the connection to read all streams from the start, or set invalid_cdc_cursor_position_behavior to "Re-sync data".'
      : ''
    throw new ConnectorError('config_error', `${text}${remedy}`)
  }
  return offset === null ? { type: 'COLD_START', reason: null } : { type: 'CONTINUE', offset }
}

function missing(situation: Situation): string | null {
  const { slotName, facts, offset } = situation
  if (facts.slot !== null) return null
  return `Replication slot "${slotName}" does not exist. Run: ${creation(situation)}${afterwards(offset)}`
}

function physical(situation: Situation): string | null {
  const {
    slotName,
    facts: { slot },
  } = situation
  if (slot === null || slot.type === 'logical') return null
  return `Replication slot "${slotName}" is a physical slot. Choose another replication_slot and run: ${creation(situation, '<name>')}`
}

function otherPlugin(situation: Situation): string | null {
  const {
    slotName,
    facts: { slot },
  } = situation
  if (slot === null || slot.plugin === 'pgoutput') return null
  return `Replication slot "${slotName}" has the plugin ${slot.plugin}, not pgoutput. Choose another replication_slot and run: ${creation(situation, '<name>')}`
}

function otherDatabase({ slotName, facts: { slot, database } }: Situation): string | null {
  if (slot === null || slot.database === database) return null
  return `Replication slot "${slotName}" belongs to database "${slot.database}", not to "${database}". Choose another replication_slot.`
}

/** A synchronized slot can be read after the standby was promoted. */
function synced(situation: Situation): string | null {
  const {
    slotName,
    facts: { slot, isStandby },
  } = situation
  if (slot === null || !slot.isSynced || !isStandby) return null
  return `Replication slot "${slotName}" is synchronized from the primary, and cannot be read on a standby. Set host to the primary, or choose another replication_slot and run on the standby: ${creation(situation, '<name>')}`
}

function temporary({ slotName, facts: { slot } }: Situation): string | null {
  if (slot === null || !slot.isTemporary) return null
  return `Replication slot "${slotName}" is temporary: it is dropped with the session that created it. Choose another replication_slot.`
}

/**
 * The log of a two-phase slot contains a prepared transaction before it is known whether it will be
 * committed.
 */
function twoPhase(situation: Situation): string | null {
  const { slotName, major, facts, offset } = situation
  if (facts.slot?.isTwoPhase !== true || major < MAJOR_WITH_TWO_PHASE_OUTPUT) return null
  return `Replication slot "${slotName}" was created with two_phase, and sends transactions before they are committed. Run: ${dropSlot(slotName)} ${creation(situation)}${afterwards(offset)}`
}

/** While a slot is created, it waits for the end of all transactions that are open. */
function unfinished({ slotName, facts: { slot } }: Situation): string | null {
  if (slot === null || slot.confirmedFlushLsn !== null) return null
  const creator = slot.holder === null ? '' : ` by process ${slot.holder.processId}`
  return `Replication slot "${slotName}" is still being created${creator}: it waits for the end of older transactions. End them, or wait until the statement has returned.`
}

function lost(situation: Situation): string | null {
  const { slotName, facts, offset } = situation
  const { slot } = facts
  const loss = slot && lossOf(slot)
  if (slot === null || loss === null) return null
  const from = offset?.lsn ?? slot.confirmedFlushLsn
  const since =
    from === null
      ? ''
      : ` ${bytesBetween(from, facts.endLsn)} of changes since ${offset === null ? 'its position' : 'the state'} are lost.`
  return (
    `Replication slot "${slotName}" is invalidated (${loss.reason}): ${loss.cause}.${since} ` +
    `Run: ${dropSlot(slotName)} ${creation(situation)} Then clear the data of the connection. ` +
    `${loss.prevention} to keep it from happening again.`
  )
}

function otherServer({ facts: { systemId }, offset }: Situation): string | null {
  const given = offset?.systemId ?? null
  if (given === null || systemId === null || given === systemId) return null
  return `The saved state is of another server: its system identifier is ${given}, that of the server ${systemId}.`
}

function aheadOfLog({ facts: { endLsn }, offset }: Situation): string | null {
  if (offset === null || offset.lsn <= endLsn) return null
  return `The saved state is at ${formatLsn(offset.lsn)}, ahead of the server's log, which ends at ${formatLsn(endLsn)}. The server was restored or replaced, or a failover lost ${bytesBetween(endLsn, offset.lsn)} of its log.`
}

/**
 * A promoted or restored server has passed the position in the meantime, with different changes.
 */
function otherTimeline({ facts: { timeline }, timelines, offset }: Situation): string | null {
  const given = offset?.timeline ?? null
  if (offset === null || given === null || timeline === null || timelines === null) return null
  const endLsn = timelines.get(given)
  if (given === timeline || (endLsn !== undefined && offset.lsn <= endLsn)) return null
  const state = `The saved state is at ${formatLsn(offset.lsn)} of timeline ${given}`
  return endLsn === undefined
    ? `${state}, and the server is on timeline ${timeline}, which does not follow it. The server was restored or replaced.`
    : `${state}, which the server left at ${formatLsn(endLsn)} for timeline ${timeline}. A failover or a restore lost ${bytesBetween(endLsn, offset.lsn)} of its log.`
}

function behindSlot({ slotName, facts: { slot }, offset }: Situation): string | null {
  const confirmed = slot?.confirmedFlushLsn ?? null
  if (offset === null || confirmed === null || offset.lsn >= confirmed) return null
  return `Replication slot "${slotName}" has advanced beyond the saved state: it is at ${formatLsn(confirmed)}, the state at ${formatLsn(offset.lsn)}. ${bytesBetween(offset.lsn, confirmed)} of changes in between are lost. The slot was re-created, or another consumer reads it.`
}

/**
 * Since PostgreSQL 18, changes before the creation of the publication are omitted without an error.
 */
function otherPublication({ publicationOid, offset }: Situation): string | null {
  const given = offset?.publicationOid ?? null
  if (given === null || given === publicationOid) return null
  return 'The publication was dropped and re-created since the saved state: changes in between are lost.'
}

/** Builds the statement that creates a slot on this server. */
function creation({ slotName, major, facts: { isStandby } }: Situation, name = slotName): string {
  return createSlot(name, { major, isStandby })
}

function afterwards(offset: Offset | null): string {
  return offset === null
    ? ''
    : ' Changes since the saved state are lost: then clear the data of the connection.'
}

/** `12.3 MB` */
export function bytesBetween(from: bigint, to: bigint): string {
  const bytes = Number(to - from)
  if (bytes < 1000) return `${bytes} bytes`
  const exponent = Math.min(Math.floor(Math.log10(bytes) / 3), 4)
  return `${(bytes / 1000 ** exponent).toFixed(1)} ${['kB', 'MB', 'GB', 'TB'][exponent - 1]}`
}
