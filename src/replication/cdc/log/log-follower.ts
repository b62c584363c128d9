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

/** A change that waits for the result of a query. All following changes wait behind it. */
export interface HeldChange {
  readonly route: RelationRoute
  readonly change: RowChange
}

/** Which transactions a snapshot shows. */
type Seen = Pick<SnapshotFilter, 'shows'>

/** A transaction that no snapshot shows yet, and the position of the log before it. */
interface UnseenTransaction {
  readonly transaction: LogTransaction
  readonly position: bigint
  readonly committed: LogTransaction | null
  /** Number of held changes before it. */
  readonly heldBefore: number
}

/** Limits at which reading stops for a checkpoint. */
export interface ReadLimits {
  /** Reading ends at the first position that is not below it. */
  readonly target: bigint
  readonly batchRows: number
  readonly intervalMs: number
}

/** Selects relations of the log. */
export interface RelationFilter {
  /** Whether its changes may belong to a stream. */
  readonly mayRead: (relation: LogRelation) => boolean
  /** Whether it is certainly a selected stream or a part of one. */
  readonly isSelected: (relation: LogRelation) => boolean
}

/**
 * Follows the log: positions, transactions and relations. Changes are written immediately. A change
 * that needs a query is held with all following ones until `takeHeld`, which keeps the order of the
 * log. Transactions that the last known snapshot does not show are held, too: while the server
 * waits for a synchronous standby, a commit is in the log but not visible. If the position passed
 * such a commit, a stream that is added later would lack its rows.
 */
export class LogFollower implements ReplicationVisitor, ChangeQueue {
  /**
   * Every change up to it has been taken: the end of a commit, or what the server has read outside
   * of a transaction.
   */
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

  /** @param seen transactions shown by a snapshot that was taken before the log is read. */
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

  /**
   * Whether everything up to the target, or up to the end set by `endBeforeUnseen`, has been read.
   */
  get isDone(): boolean {
    return this.#isEnded || (!this.isInTransaction && this.position >= this.#limits.target)
  }

  get hasHeld(): boolean {
    return this.#held.length > 0
  }

  /** Whether a transaction is held that no snapshot has shown yet. */
  get hasUnseen(): boolean {
    return this.#unseen.length > 0
  }

  /** Uses a newer snapshot. */
  see(seen: Seen): void {
    this.#seen = seen
    const first = this.#unseen.findIndex(({ transaction }) => !seen.shows(transaction.xid))
    this.#unseen = first === -1 ? [] : this.#unseen.slice(first)
  }

  /** Ends the log before the first transaction that no snapshot shows. */
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

  /** Returns the held changes in the order of the log. */
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
    for (const { schema, name } of relations.filter(this.#filter.isSelected)) {
      const message = `Table '${schema}.${name}' was truncated. The protocol has no message for it: the destination keeps the rows. Refresh the stream to remove them.`
      this.#log('WARN', message)
    }
  }

  origin(): void {
    // Changes replicated from other servers are read like any other
  }

  type(): void {
    // Types are looked up by oid when a relation is bound
  }

  message(): void {
    // Logical messages, of this connector and of others, only move the position
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
