import { TestDatabase } from '../../helpers/database.ts'
import type { Json } from '../../helpers/messages.ts'
import type { Server } from '../../helpers/server.ts'
import type { Session } from '../../helpers/session.ts'
import { Consumer, idsOf } from '../../helpers/consumer.ts'

/** Types of the cursor → SQL of the nth value. */
const CURSOR_VALUES = {
  bigint: (n: number) => String(n),
  text: (n: number) => `'k${String(n).padStart(8, '0')}'`,
  timestamptz: (n: number) => `timestamptz '2024-01-31 10:00:00Z' + ${n} * interval '1 second'`,
} as const

/** A type in `CURSOR_VALUES`. */
export type CursorType = keyof typeof CURSOR_VALUES

/** Options of a test; each has a default. */
export interface CursorTableOptions {
  /** Default: the shared server of the run. */
  readonly server?: Server
  readonly cursorType?: CursorType
  /** Parts of the connector's config. */
  readonly config?: Json
  /** Stream to read, if it is not the table itself. */
  readonly stream?: string
  /**
   * SQL in place of the plain table `t`; the relation has the columns `id`, `changed` and `note`.
   */
  readonly create?: string
  /** False: incremental without a cursor, for xmin mode. */
  readonly hasCursorField?: boolean
}

/**
 * A database with a table `t (id, changed, note)`, and a consumer that syncs it incrementally by
 * `changed`.
 */
export class CursorTable implements AsyncDisposable {
  readonly database: TestDatabase
  readonly consumer: Consumer
  readonly cursorType: CursorType

  private constructor(database: TestDatabase, consumer: Consumer, cursorType: CursorType) {
    this.database = database
    this.consumer = consumer
    this.cursorType = cursorType
  }

  static async create(options: CursorTableOptions = {}): Promise<CursorTable> {
    const { cursorType = 'bigint', config = {}, stream = 't', hasCursorField = true } = options
    const database = await TestDatabase.create(options.server)
    const table = `CREATE TABLE t (id bigint PRIMARY KEY, changed ${cursorType}, note text);
                   CREATE INDEX t_changed ON t (changed)`
    await database.sql(options.create ?? table)
    const choice = hasCursorField
      ? { cursorField: 'changed' }
      : { syncMode: 'incremental' as const }
    const consumer = await Consumer.create(database, [{ name: stream, ...choice }], config)
    return new CursorTable(database, consumer, cursorType)
  }

  /** INSERT of a row with the nth cursor value. */
  insert(id: number, n: number): string {
    return `INSERT INTO t (id, changed, note) VALUES (${id}, ${CURSOR_VALUES[this.cursorType](n)}, 'new')`
  }

  /** UPDATE of a row to the nth cursor value. */
  update(id: number, n: number): string {
    return `UPDATE t SET changed = ${CURSOR_VALUES[this.cursorType](n)}, note = 'updated' WHERE id = ${id}`
  }

  /** Runs SQL in its own transaction. */
  async commit(sql: string): Promise<void> {
    await this.database.sql(sql)
  }

  /** Opens a session with a transaction in which `sql` was run. */
  async begin(sql: string): Promise<Session> {
    const session = await this.database.session()
    await session.sql(`BEGIN; ${sql}`)
    return session
  }

  /** Runs a sync and returns the ids in their order. */
  async sync(): Promise<number[]> {
    return idsOf((await this.consumer.sync()).messages)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.consumer[Symbol.asyncDispose]()
    await this.database[Symbol.asyncDispose]()
  }
}
