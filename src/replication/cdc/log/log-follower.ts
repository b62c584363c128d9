import type {
  ChangeVisitor,
  LogBegin,
  LogChange,
  LogCommit,
  LogRelation,
} from '../../../wire/pgoutput.ts'
import type { LogTuple } from '../../../wire/log-tuple.ts'
import type { ReplicationVisitor } from '../../../wire/replication-stream.ts'
import type { Log } from '../../feed.ts'
import { LogTransaction } from './log-stream.ts'
import { type ChangeQueue, RelationRoute } from './relation-route.ts'
import type { SnapshotFilter } from '../snapshot-filter.ts'
import { LongValues } from './values/long-values.ts'
import { CurrentRow, detach, type RowChange } from './row-change.ts'

/** A change that waits, with those behind it, for what only a query can tell. */
export interface HeldChange {
  readonly route: RelationRoute
  readonly change: RowChange
}

/** Which transactions a snapshot shows. */
type Seen = Pick<SnapshotFilter, 'shows'>

/** A transaction that no snapshot shows yet, and where the log stands before it. */
interface UnseenTransaction {
  readonly transaction: LogTransaction
  readonly position: bigint
  readonly committed: LogTransaction | null
  /** Number of changes that are held back in front of it. */
  readonly heldBefore: number
}

/** When reading stops so that a checkpoint can be taken. */
export interface ReadLimits {
  /** Reading ends at the first position that is not below it. */
  readonly target: bigint
  readonly batchRows: number
  readonly intervalMs: number
}

/** Which relations of the log are for a stream. */
export interface RelationFilter {
  /** Whether its changes may be for a stream. */
  readonly mayRead: (relation: LogRelation) => boolean
  /** Whether it is a stream or part of one for certain. */
  readonly knows: (relation: LogRelation) => boolean
}

/**
 * Follows the log: positions, transactions and relations. Changes are written as they come. One that needs a query is
 * held back with all that follow it until `takeHeld`, so that the order of the log is kept. So are the transactions that
 * the last known snapshot does not show: a commit is in the log before it is visible, for as long as the server waits
 * for a synchronous standby. If the position passed it, a stream that is added later would lack its rows.
 */
export class LogFollower implements ReplicationVisitor, ChangeQueue {
  /** Every change up to it has been taken: the end of a commit, or what the server has read outside of a transaction. */
  position: bigint
  /** The transaction that ends at the position; null: none yet. */
  committed: LogTransaction | null = null
  isInTransaction = false
  readonly #limits: ReadLimits
  readonly #filter: RelationFilter
  readonly #log: Log
  readonly longValues = new LongValues()
  readonly #row = new CurrentRow()
  #transaction: LogTransaction | null = null
  #held: HeldChange[] = []
  #unseen: UnseenTransaction[] = []
  #seen: Seen
  #isEnded = false
  #rows = 0
  #checkedMs = performance.now()

  /** @param seen what a snapshot shows that was taken before the log is read. */
  constructor(
    start: bigint,
    limits: ReadLimits,
    { filter, seen, log }: { filter: RelationFilter; seen: Seen; log: Log },
  ) {
    this.position = start
    this.#seen = seen
    this.#limits = limits
    this.#filter = filter
    this.#log = log
  }

  /** Whether everything up to the target, or up to where `endBeforeUnseen` ended it, has been read. */
  get isDone(): boolean {
    return this.#isEnded || (!this.isInTransaction && this.position >= this.#limits.target)
  }

  get hasHeld(): boolean {
    return this.#held.length > 0
  }

  /** Whether a transaction is held back that no snapshot has shown yet. */
  get hasUnseen(): boolean {
    return this.#unseen.length > 0
  }

  /** Takes a newer snapshot into account. */
  see(seen: Seen): void {
    this.#seen = seen
    const first = this.#unseen.findIndex(({ transaction }) => !seen.shows(transaction.xid))
    this.#unseen = first === -1 ? [] : this.#unseen.slice(first)
  }

  /** Ends the log in front of the first transaction that no snapshot shows. */
  endBeforeUnseen(): void {
    const [first] = this.#unseen
    if (first === undefined) return
    this.position = first.position
    this.committed = first.committed
    this.isInTransaction = false
    this.#held = this.#held.slice(0, first.heldBefore)
    this.#unseen = []
    this.#isEnded = true
  }

  /** Hands over the changes that wait, in the order of the log. */
  takeHeld(): readonly HeldChange[] {
    const held = this.#held
    this.#held = []
    return held
  }

  begin({ xid, commitMicros }: LogBegin): void {
    this.isInTransaction = true
    const transaction = new LogTransaction(xid, commitMicros)
    this.#transaction = transaction
    if (this.#seen.shows(xid)) return
    const { position, committed } = this
    this.#unseen.push({ transaction, position, committed, heldBefore: this.#held.length })
  }

  commit({ endLsn }: LogCommit): boolean {
    this.isInTransaction = false
    this.committed = this.#transaction
    this.position = endLsn
    return this.isDone || this.#isCheckpointDue()
  }

  keepalive(walEnd: bigint): boolean {
    if (!this.isInTransaction && walEnd > this.position) this.position = walEnd
    return this.isDone
  }

  relation(relation: LogRelation): ChangeVisitor | null {
    return this.#filter.mayRead(relation) ? new RelationRoute(relation, this) : null
  }

  take(route: RelationRoute, kind: RowChange['kind'], change: LogChange, newTuple: LogTuple): void {
    this.#rows++
    const row = this.#row.fill(kind, change, newTuple, this.#transaction)
    const { writers } = route
    route.hideRetyped(row)
    const waits = this.hasHeld || this.hasUnseen || writers === null
    if (waits || writers.some((writer) => writer.lacksValue(row))) {
      this.#held.push({ route, change: detach(row) })
    } else for (const writer of writers) writer.write(row)
  }

  truncate(relations: readonly LogRelation[]): void {
    for (const { schema, name } of relations.filter(this.#filter.knows)) {
      const message = `Table '${schema}.${name}' was truncated. The protocol has no message for it: the destination keeps the rows. Refresh the stream to remove them.`
      this.#log('WARN', message)
    }
  }

  origin(): void {
    // Changes of other servers are changes, too
  }

  type(): void {
    // Types are looked up by oid when a relation is bound
  }

  message(): void {
    // Those of this connector, and of others, only move the position
  }

  #isCheckpointDue(): boolean {
    const nowMs = performance.now()
    const { batchRows, intervalMs } = this.#limits
    if (this.#rows < batchRows && nowMs - this.#checkedMs < intervalMs) return false
    this.#rows = 0
    this.#checkedMs = nowMs
    return true
  }
}
