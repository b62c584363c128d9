import type { CopyReader } from '../postgres/copy/copier.ts'
import { type ReadTransaction, selectOf } from '../postgres/session/read-transaction.ts'
import type { TransactionSnapshot } from '../postgres/session/stream-session.ts'
import { errorCode } from '../errors.ts'
import { LOCK_NOT_AVAILABLE } from '../sql-state.ts'
import type { TupleSink } from '../wire/copy-stream.ts'
import { CopyPart, GroupCopy } from './group-copy.ts'
import type { Readers, StreamReader } from './relation-reader.ts'

/**
 * Larger relations are read alone, because the other relations of a group stay locked while one is
 * read.
 */
export const MAX_GROUPED_BYTES = 4 * 2 ** 20

/** The stream must be read again by itself: its group has failed, or it is too large for one. */
export class ReadAloneError extends Error {
  constructor(cause?: unknown) {
    super('the stream cannot be read in a group', { cause })
    this.name = 'ReadAloneError'
  }
}

interface GroupQuery {
  readonly member: GroupMember
  readonly statements: readonly string[]
  readonly resolve: (results: readonly (readonly unknown[])[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Streams that share one transaction. When each of them waits for the server, their statements are
 * sent as one query, and so are their COPYs: the number of round trips is that of one stream. A
 * statement that fails ends the transaction, and the other streams are read again one by one.
 */
export class SessionGroup implements AsyncDisposable {
  readonly transaction: ReadTransaction
  readonly #readers: Readers
  readonly #members = new Set<GroupMember>()
  #queries: GroupQuery[] = []
  #parts: CopyPart[] = []
  #copy: GroupCopy | null = null
  #isBusy = false
  #failure: { readonly error: unknown } | null = null

  constructor(readers: Readers, transaction: ReadTransaction) {
    this.#readers = readers
    this.transaction = transaction
  }

  /** Adds a stream. Statements are sent when all members wait for the server. */
  join(): GroupMember {
    const member = new GroupMember(this)
    this.#members.add(member)
    return member
  }

  async query(
    member: GroupMember,
    statements: readonly string[],
  ): Promise<readonly (readonly unknown[])[]> {
    if (this.#failure !== null) throw this.#failure.error
    return await new Promise((resolve, reject) => {
      this.#queries.push({ member, statements, resolve, reject })
      this.#advance()
    })
  }

  copy(selects: readonly string[], sink: TupleSink): CopyPart {
    const part = new CopyPart(selects, sink)
    this.#parts.push(part)
    if (this.#failure === null) this.#advance()
    else part.fail(this.#failure.error)
    return part
  }

  /**
   * Removes a member that sends nothing more. If it leaves during its COPY, the COPYs of the others
   * end, too.
   */
  leave(member: GroupMember): void {
    if (!this.#members.delete(member)) return
    if (member.part?.isWhole === false) this.fail(new Error('A stream was left unread'))
    else this.#advance()
  }

  /** Ends the group. @returns the error for all further calls of its members. */
  fail(error: unknown): unknown {
    const isOfAll = this.transaction.hasEnded
    this.#failure ??= { error: isOfAll ? error : new ReadAloneError(error) }
    for (const { reject } of this.#queries.splice(0)) reject(this.#failure.error)
    for (const part of this.#parts.splice(0)) part.fail(this.#failure.error)
    this.#copy?.fail(this.#failure.error)
    const isOwn = isOfAll || errorCode(error) !== LOCK_NOT_AVAILABLE
    return isOwn ? error : this.#failure.error
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#readers.release(this.transaction)
  }

  /** Runs in a later microtask, so that a member can send several statements at once. */
  #advance(): void {
    queueMicrotask(() => {
      if (this.#isBusy || this.#failure !== null || !this.#areAllWaiting) return
      this.#isBusy = true
      const work = this.#queries.length > 0 ? this.#queryAll() : this.#copyAll()
      work
        .catch((error: unknown) => this.fail(error))
        .finally(() => {
          this.#isBusy = false
          this.#advance()
        })
    })
  }

  get #areAllWaiting(): boolean {
    const waiting = new Set(this.#queries.map(({ member }) => member))
    const isWaiting = (member: GroupMember): boolean =>
      waiting.has(member) || (member.part !== null && this.#parts.includes(member.part))
    return this.#members.size > 0 && [...this.#members].every(isWaiting)
  }

  async #queryAll(): Promise<void> {
    const queries = this.#queries.splice(0)
    try {
      const statements = queries.flatMap((query) => query.statements)
      const results = await this.transaction.queryAll(statements)
      let at = 0
      for (const query of queries) {
        const start = at
        at += query.statements.length
        query.resolve(results.slice(start, at))
      }
    } catch (error) {
      this.fail(error)
      for (const { reject } of queries) reject(this.#failure!.error)
    }
  }

  async #copyAll(): Promise<void> {
    const parts = this.#parts.splice(0)
    this.#copy = new GroupCopy(parts, (error) => this.fail(error))
    await this.#copy.run(this.transaction)
    this.#copy = null
  }
}

/** One stream of a group. */
export class GroupMember implements StreamReader {
  readonly maxBytes = MAX_GROUPED_BYTES
  /** Its last COPY. */
  part: CopyPart | null = null
  readonly #group: SessionGroup

  constructor(group: SessionGroup) {
    this.#group = group
  }

  /** The member itself runs its statements. */
  get transaction(): this {
    return this
  }

  get snapshot(): TransactionSnapshot {
    return this.#group.transaction.snapshot
  }

  async queryAll<Row>(statements: readonly string[]): Promise<readonly (readonly Row[])[]> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller determines the columns of its statements
    return (await this.#group.query(this, statements)) as readonly (readonly Row[])[]
  }

  /** An invalid value ends the transaction; the stream is then read alone. */
  async areValid(literals: readonly string[]): Promise<boolean> {
    await this.queryAll([selectOf(literals)])
    return true
  }

  async setSearchPath(): Promise<void> {
    // Relations of a group are all read with the search_path of the session, with which the
    // transaction began
  }

  copy(selects: readonly string[], sink: TupleSink): CopyReader {
    this.part = this.#group.copy(selects, sink)
    return this.part
  }

  copier(): GroupCopier {
    return new GroupCopier(this)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#group.leave(this)
    await Promise.resolve()
  }
}

/** Runs the COPYs of a member. */
class GroupCopier implements AsyncDisposable {
  readonly #member: GroupMember

  constructor(member: GroupMember) {
    this.#member = member
  }

  copy(selects: readonly string[], sink: TupleSink): CopyReader {
    return this.#member.copy(selects, sink)
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
