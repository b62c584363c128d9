import type { PoolClient, QueryResult, QueryResultRow } from 'pg'
import { ConnectorError, errorCode } from '../../errors.ts'
import type { TupleSink } from '../../wire/copy-stream.ts'
import { CopyOut } from '../copy/copy-out.ts'
import { beginStatements, type SearchPath, searchPathStatements } from './begin-statements.ts'
import type { Database } from './database.ts'
import { describeStatement } from './describe-statement.ts'
import type { StreamSession, TransactionSnapshot } from './stream-session.ts'
import type { ResultField, SqlSession } from './sql-session.ts'

/** SQLSTATE class of values that are not valid for their type. */
const DATA_EXCEPTION = '22'

/** Exported snapshot of another transaction on the same server. */
export interface SharedFrom {
  /** Result of `pg_export_snapshot()`. */
  readonly name: string
  readonly snapshot: TransactionSnapshot
}

/** Options for beginning a transaction. */
interface ReadTransactionOptions {
  /** Default: `session`. */
  readonly searchPath?: SearchPath
  /** Snapshot to import; default: a new snapshot. */
  readonly sharedFrom?: SharedFrom
  /**
   * A transaction to end, so that this one uses its connection; null: it uses another connection.
   */
  readonly previous?: ReadTransaction | null
  /** Maximum time that a statement waits for a lock; default: no limit. */
  readonly lockTimeoutMs?: number
}

/** A transaction, and the rows of each of its first statements. */
interface Begun<Rows extends readonly object[]> {
  readonly transaction: ReadTransaction
  readonly results: { readonly [Index in keyof Rows]: readonly Rows[Index][] }
}

/** Connection on which a transaction runs. */
interface Place {
  readonly database: Database
  readonly client: PoolClient
  readonly processId: number
  readonly searchPath: SearchPath
}

/**
 * A read-only transaction with one snapshot and the settings that make the text of values
 * canonical. All settings are local to the transaction, so that it works behind a pooler in
 * transaction mode.
 */
export class ReadTransaction implements SqlSession, StreamSession, AsyncDisposable {
  readonly #database: Database
  readonly #client: PoolClient
  #searchPath: SearchPath
  /** Process ID of its backend, also behind a pooler. */
  readonly processId: number
  /** The snapshot of the transaction. */
  readonly snapshot: TransactionSnapshot
  #isBroken = false
  #copy: CopyOut | null = null
  /** Rejects the running statement; null: no statement is running. */
  #interrupt: ((reason: Error) => void) | null = null
  /** Reason for which no further statement can run: it was aborted, or the connection was lost. */
  #ended: Error | null = null
  #isLost = false

  private constructor(
    { database, client, processId, searchPath }: Place,
    snapshot: TransactionSnapshot,
  ) {
    this.#database = database
    this.#client = client
    this.#searchPath = searchPath
    this.processId = processId
    this.snapshot = snapshot
    client.once('error', this.#onLoss)
  }

  /** Begins a transaction on its own connection. Its snapshot has been taken when this resolves. */
  static async begin(
    database: Database,
    options: ReadTransactionOptions = {},
  ): Promise<ReadTransaction> {
    const { transaction } = await ReadTransaction.beginWith(database, options, [])
    return transaction
  }

  /** Begins a transaction and runs statements in one round trip; returns the rows of each. */
  static async beginWith<Rows extends readonly object[]>(
    database: Database,
    options: ReadTransactionOptions,
    statements: { readonly [Index in keyof Rows]: string },
  ): Promise<Begun<Rows>> {
    const { searchPath = 'session', sharedFrom, previous = null, lockTimeoutMs = 0 } = options
    const handedOver = previous?.handOver() ?? null
    if (handedOver === null) await previous?.[Symbol.asyncDispose]()
    const client = handedOver ?? (await database.acquire())
    try {
      const sharedSnapshot = sharedFrom?.name ?? null
      const begin = beginStatements(database.server, { searchPath, sharedSnapshot, lockTimeoutMs })
      const end = handedOver === null ? [] : ['COMMIT']
      const begun = client.query([...end, begin, SNAPSHOT_SQL, ...statements].join(';\n'))
      const all = rowsOf(await database.guard(client, begun))
      const at = all.length - statements.length
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller determines the rows of its statements
      const results = all.slice(at) as unknown as Begun<Rows>['results']
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the columns of SNAPSHOT_SQL
      const { processId, ...snapshot } = snapshotOf(all[at - 1] as readonly SnapshotRow[])
      // Another server may have a snapshot of the same name
      if (sharedFrom !== undefined && snapshot.text !== sharedFrom.snapshot.text) {
        throw new ConnectorError('config_error', 'Connections lead to different servers.')
      }
      const place = { database, client, processId, searchPath }
      const transaction = new ReadTransaction(place, sharedFrom?.snapshot ?? snapshot)
      return { transaction, results }
    } catch (error) {
      client.release(true)
      throw error
    }
  }

  /** Runs one statement in the transaction. */
  async query<Row>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]> {
    return await this.#run(async () => {
      const values = params === undefined ? [] : [...params]
      return (await this.#client.query<Row & QueryResultRow>(sql, values)).rows
    })
  }

  async queryAll<Row>(statements: readonly string[]): Promise<readonly (readonly Row[])[]> {
    return await this.#run(async () => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller determines the rows of its statements
      return rowsOf(await this.#client.query(statements.join(';\n'))) as readonly Row[][]
    })
  }

  async describe(sql: string): Promise<readonly ResultField[]> {
    return await this.#run(() => describeStatement(this.#client, sql))
  }

  async setSearchPath(path: SearchPath): Promise<void> {
    if (path === this.#searchPath) return
    this.#searchPath = path
    await this.query(searchPathStatements(path))
  }

  /**
   * Exports the snapshot of the transaction, for `sharedSnapshot`. Not possible behind a pooler.
   */
  async exportSnapshot(): Promise<string> {
    const sql = 'SELECT pg_catalog.pg_export_snapshot() AS name'
    const [row] = await this.query<{ name: string }>(sql)
    return row!.name
  }

  /** Whether a statement can be run now, as far as is known. */
  get isUsable(): boolean {
    return this.#ended === null && !this.#isBroken
  }

  /** Whether it was aborted, or its connection was lost. */
  get hasEnded(): boolean {
    return this.#ended !== null
  }

  copy(selects: readonly string[], sink: TupleSink): CopyOut {
    if (this.#ended !== null) throw this.#ended
    const onEnd = (): void => {
      this.#copy = null
    }
    const onError = (): void => {
      this.#isBroken = true
    }
    const guard = async <Result>(work: Promise<Result>): Promise<Result> => await this.#guard(work)
    this.#copy = new CopyOut(this.#client, selects, { sink, onEnd, onError, guard })
    return this.#copy
  }

  /** Ends each wait for the server: the running statement and later ones fail with `reason`. */
  abort(reason: Error): void {
    this.#ended ??= reason
    this.#copy?.handleError(reason)
    this.#interrupt?.(reason)
  }

  async areValid(literals: readonly string[]): Promise<boolean> {
    const savepoint = 'SAVEPOINT literals'
    try {
      await this.queryAll([savepoint, selectOf(literals), `RELEASE ${savepoint}`])
      return true
    } catch (error) {
      if (errorCode(error)?.startsWith(DATA_EXCEPTION) !== true) throw error
      await this.query(`ROLLBACK TO ${savepoint}`)
      this.#isBroken = false
      return false
    }
  }

  /**
   * Returns the connection with the open transaction, which the caller then ends. Null: dispose of
   * it instead.
   */
  handOver(): PoolClient | null {
    if (!this.isUsable || this.#isAtWork) return null
    this.#ended = new Error('The transaction was handed over')
    this.#client.off('error', this.#onLoss)
    return this.#client
  }

  async #guard<Result>(work: Promise<Result>): Promise<Result> {
    return await this.#database.guard(this.#client, work, this.processId)
  }

  readonly #onLoss = (error: Error): void => {
    this.#ended ??= error
    this.#isLost = true
  }

  async #run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#ended !== null) throw this.#ended
    const interrupted = new Promise<never>((_, reject) => {
      this.#interrupt = reject
    })
    const done = this.#guard(work()).finally(() => {
      this.#interrupt = null
    })
    try {
      return await Promise.race([done, interrupted])
    } catch (error) {
      this.#isBroken = true
      throw error
    }
  }

  /**
   * Ends the transaction. A connection that failed or is still running a statement is cancelled and
   * closed.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const isAtWork = this.#isAtWork
    const isClean = !this.#isBroken && !isAtWork && !this.#isLost && (await this.#commit())
    if (isAtWork && !this.#isLost) await this.#database.cancel(this.#client)
    this.#client.off('error', this.#onLoss)
    this.#client.release(!isClean)
  }

  get #isAtWork(): boolean {
    return this.#copy !== null || this.#interrupt !== null
  }

  async #commit(): Promise<boolean> {
    try {
      await this.#guard(this.#client.query('COMMIT'))
      return true
    } catch {
      return false // A read-only transaction has no changes to lose
    }
  }
}

/** Builds SQL that fails unless all literals are valid. */
export function selectOf(literals: readonly string[]): string {
  return `SELECT ${literals.join(', ')}`
}

/**
 * The first query, which takes the snapshot. It also works on a standby, unlike `txid_current()`.
 */
const SNAPSHOT_SQL = `
SELECT s.snapshot::pg_catalog.text AS text,
       pg_catalog.txid_snapshot_xmin(s.snapshot) AS xmin,
       pg_catalog.txid_snapshot_xmax(s.snapshot) AS xmax,
       pg_catalog.date_part('epoch', pg_catalog.now()) OPERATOR(pg_catalog.*) 1000::pg_catalog.float8 AS at,
       pg_catalog.pg_backend_pid() AS "processId"
FROM (SELECT pg_catalog.txid_current_snapshot() AS snapshot) AS s`

/** Returns the rows of each statement: pg returns a list of results for several. */
function rowsOf(results: unknown): readonly (readonly QueryResultRow[])[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of pg have only one result
  return ([results].flat() as readonly QueryResult[]).map(({ rows }) => rows)
}

function snapshotOf(
  rows: readonly SnapshotRow[],
): TransactionSnapshot & { readonly processId: number } {
  const { text, xmin, xmax, at, processId } = rows[0]!
  return { text, xmin: BigInt(xmin), xmax: BigInt(xmax), atMs: Math.floor(at), processId }
}

interface SnapshotRow {
  readonly text: string
  readonly xmin: string
  readonly xmax: string
  readonly at: number
  readonly processId: number
}
