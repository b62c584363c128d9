import { ConnectorError } from '../../errors.ts'
import { readPublicationEntries } from '../../introspection/replication/publication-entries.ts'
import type { LogFacts } from '../../introspection/replication/slot.ts'
import { readCatalogs } from '../../postgres/session/read-catalogs.ts'
import type { JsonObject } from '../../json/json.ts'
import type { GlobalContent, StreamDescriptor } from '../../protocol/messages.ts'
import { streamKey, streamLabel } from '../../protocol/stream-names.ts'
import type { PrepareContext } from '../feed.ts'
import type { StreamPlan } from '../stream-plan.ts'
import { cdcConfigOf } from './cdc-config.ts'
import { awaitQuietStart, type StartPoint } from './quiet-start.ts'
import { readSituation } from './situation.ts'
import { decideStart, type Situation } from './start-cases.ts'
import type { StreamEntry } from './state/global-state.ts'
import { type Offset, offsetKey, parseSharedState, storedLsn } from './state/offset.ts'
import { parseProgress, parseSource } from './state/stream-progress.ts'

/** Start of a sync. Read before its snapshot is taken. */
export interface SyncStart {
  readonly facts: LogFacts
  /** Null: a cold start, whose position depends on the snapshot. */
  readonly offset: Offset | null
  /** Fields of a new offset. */
  readonly template: Pick<Offset, 'key' | 'systemId' | 'timeline' | 'publicationOid'>
  readonly streams: readonly StreamEntry[]
  /** Null: every stream has its snapshot, or the server is a standby. */
  readonly point: StartPoint | null
  /**
   * Position of the given state, which the destination has stored. 0: there is none, or it cannot
   * be continued.
   */
  readonly acknowledged: bigint
}

/**
 * Determines where a sync starts: at the given state if it can be continued, otherwise from
 * scratch.
 * @throws ConnectorError config_error with the remedy.
 */
export async function findStart(
  plans: readonly StreamPlan[],
  { config, database, states, log }: PrepareContext,
): Promise<SyncStart> {
  const given = parseGlobal(states.global)
  const { offset: first } = parseGlobal(states.givenGlobal)
  const situation = await readSituation({ config, database }, given.offset, [first])
  const { facts, publicationOid } = situation
  const start = decideStart(situation)
  if (start.type === 'COLD_START' && start.reason !== null) {
    log('WARN', `${start.reason} All streams are read from the start.`)
  }
  const isContinued = start.type === 'CONTINUE'
  const entries = await readEntries(plans, database, publicationOid)
  const streams = plans.map((plan, index) =>
    toEntry(plan, entries[index]!, isContinued ? given.find(plan.descriptor) : null),
  )
  const replaced = streams.filter(({ isReplaced, isLapsed }) => isReplaced || isLapsed)
  for (const stream of replaced) log('WARN', freshStartText(stream))
  const template = {
    key: given.offset?.key ?? offsetKey(config.database),
    systemId: facts.systemId,
    timeline: facts.timeline,
    publicationOid,
  }
  const offset = isContinued
    ? {
        ...start.offset,
        ...template,
        removed: removedStreams(start.offset, states.global, { plans, replaced }),
      }
    : null
  const unread = streams.filter(({ progress }) => progress === null)
  if (isContinued) {
    const { removed } = start.offset
    const returned = unread.filter(
      (stream) => removed.has(streamLabel(stream.descriptor)) && !replaced.includes(stream),
    )
    for (const { descriptor } of returned) log('WARN', returnText(descriptor))
  }
  const isReadAgain = isContinued
    ? unread.some(({ descriptor }) => offset?.removed.has(streamLabel(descriptor)))
    : given.offset !== null
  const isLoading = streams.some(({ progress }) => progress?.type !== 'LOG')
  const requiredWithinMs = isReadAgain ? cdcConfigOf(config).initialWaitingMs : null
  const { isStandby } = facts
  return {
    facts,
    offset,
    template,
    streams,
    point: isLoading ? await awaitQuietStart(database, { isStandby, requiredWithinMs }) : null,
    acknowledged: acknowledgedLsn(situation, first),
  }
}

/**
 * Checks the slot again while it is in use, so that no other process can move it: it may have been
 * dropped and created again while the snapshot was read.
 * @throws ConnectorError if changes after `offset` are lost: config_error, or transient_error if
 * the next attempt reads all streams from the start.
 */
export async function confirmStart(
  source: Pick<PrepareContext, 'config' | 'database'>,
  offset: Offset,
): Promise<void> {
  confirmSituation(await readSituation(source, offset))
}

/** @throws ConnectorError as `confirmStart`. */
export function confirmSituation(situation: Situation): void {
  const start = decideStart(situation)
  if (start.type === 'CONTINUE') return
  throw new ConnectorError('transient_error', `${start.reason} Run the sync again.`)
}

/**
 * Position of the given state, if it can be continued. Any other position has no meaning for the
 * slot, but the server would move the slot there.
 */
function acknowledgedLsn(situation: Situation, given: Offset | null): bigint {
  if (given === null) return 0n
  const start = decideStart({ ...situation, offset: given, onInvalidPosition: 'RESYNC' })
  return start.type === 'CONTINUE' ? given.lsn : 0n
}

/** The position of a given state; null: there is none. */
export function positionOf(global: GlobalContent | null): bigint | null {
  return parseGlobal(global).offset?.lsn ?? null
}

/**
 * The offset of a cold start. After a quiet start, every transaction that the snapshot does not
 * show is above its point; otherwise, the log is read from the position of the slot.
 */
export function coldOffset(
  { facts, template, point }: SyncStart,
  snapshot: { readonly xmin: bigint; readonly xmax: bigint; readonly atMs: number },
): Offset {
  const confirmed = facts.slot?.confirmedFlushLsn ?? facts.slot?.restartLsn ?? facts.endLsn
  const quiet = isQuiet(point, snapshot) ? storedLsn(point.lsn) : confirmed
  return {
    ...template,
    lsn: quiet > confirmed ? quiet : confirmed,
    xid: Number(BigInt.asUintN(32, snapshot.xmax)),
    commitUs: BigInt(snapshot.atMs) * 1000n,
    catalogSnapshot: null,
    removed: new Map(),
  }
}

/**
 * `_ab_cdc_lsn` of the rows of a snapshot: below every change that it does not show. Such a change
 * may be at the point.
 */
export function snapshotRowLsn(
  { facts, point, offset }: SyncStart,
  snapshot: { readonly xmin: bigint },
  descriptor: StreamDescriptor,
): bigint {
  if (isQuiet(point, snapshot)) return storedLsn(point.lsn)
  const restart = facts.slot?.restartLsn ?? 0n
  const delivered = offset?.removed.get(streamLabel(descriptor)) ?? 0n
  return delivered > restart ? delivered : restart
}

/**
 * Whether a new stream needs the changes that its snapshot shows, too. Without a quiet start, the
 * rows of the snapshot may have a lower `_ab_cdc_lsn` than earlier records of the stream: one whose
 * state was removed, to refresh it, cannot be distinguished from one that was never read.
 */
export function needsShownChanges(
  { offset, point }: SyncStart,
  snapshot: { readonly xmin: bigint },
): boolean {
  return offset !== null && !isQuiet(point, snapshot)
}

function isQuiet(point: StartPoint | null, { xmin }: { xmin: bigint }): point is StartPoint {
  return point !== null && xmin >= point.xid
}

interface Given {
  readonly offset: Offset | null
  readonly find: (descriptor: StreamDescriptor) => ReturnType<typeof findState>
}

function parseGlobal(global: GlobalContent | null): Given {
  const shared = global?.shared_state ?? null
  return {
    offset: shared === null ? null : parseSharedState(shared),
    find: (descriptor) => findState(global, descriptor),
  }
}

interface GivenEntry extends StreamEntry {
  /** Whether the state is of another relation, which this one has replaced. */
  readonly isReplaced: boolean
  /**
   * Whether the publication has not always covered the relation since then, or not in the same way.
   */
  readonly isLapsed: boolean
}

/**
 * A relation that was replaced, or was not published for a while, is read again: the log lacks its
 * earlier rows or changes.
 */
function toEntry(
  { descriptor, relation: { oid } }: StreamPlan,
  publicationEntries: readonly number[],
  raw: JsonObject | null,
): GivenEntry {
  const progress = parseProgress(raw)
  const given = parseSource(raw)
  const isReplaced = progress !== null && (given.relation ?? oid) !== oid
  const isLapsed =
    progress !== null &&
    publicationEntries.length > 0 &&
    given.publicationEntries.length > 0 &&
    !given.publicationEntries.some((entry) => publicationEntries.includes(entry))
  return {
    descriptor,
    source: { relation: oid, publicationEntries },
    progress: isReplaced || isLapsed ? null : progress,
    isReplaced,
    isLapsed,
  }
}

async function readEntries(
  plans: readonly StreamPlan[],
  database: PrepareContext['database'],
  publication: number,
): Promise<readonly (readonly number[])[]> {
  const relations = plans.map(({ relation }) => relation)
  return await readCatalogs(
    database,
    async (session) =>
      await readPublicationEntries(session, database.server.major, { publication, relations }),
  )
}

function freshStartText({ descriptor, isReplaced }: GivenEntry): string {
  const why = isReplaced
    ? 'its table was created again, or another one has taken its name'
    : 'it was taken out of the publication and added again, or its row filter or column list was altered, and the log lacks the changes of that time'
  const rows = isReplaced ? 'rows of the earlier table' : 'deleted rows'
  return `Stream '${streamLabel(descriptor)}' is read from the start: ${why}. Refresh the stream to remove ${rows} from the destination.`
}

function returnText(descriptor: StreamDescriptor): string {
  return `Stream '${streamLabel(descriptor)}' is read from the start: an earlier sync did not read it. Refresh the stream to remove deleted rows from the destination.`
}

function findState(global: GlobalContent | null, descriptor: StreamDescriptor) {
  const states = global?.stream_states ?? []
  const keys = [streamKey(descriptor), streamKey({ name: descriptor.name })]
  const found = states.find((each) => keys.includes(streamKey(each.stream_descriptor)))
  return found?.stream_state ?? null
}

/**
 * Streams that are no longer read, or start again, with the position up to which they were
 * delivered.
 */
function removedStreams(
  { removed, lsn }: Offset,
  global: GlobalContent | null,
  { plans, replaced }: { plans: readonly StreamPlan[]; replaced: readonly GivenEntry[] },
): ReadonlyMap<string, bigint> {
  const selected = new Set(plans.map(({ descriptor }) => streamKey(descriptor)))
  const gone = (global?.stream_states ?? [])
    .map((each) => each.stream_descriptor)
    .filter((descriptor) => !selected.has(streamKey(descriptor)))
  const again = replaced.map(({ descriptor }) => descriptor)
  return new Map([
    ...removed,
    ...[...gone, ...again].map((each) => [streamLabel(each), lsn] as const),
  ])
}
