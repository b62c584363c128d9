import { randomBytes } from 'node:crypto'
import { ident, literal } from '../../src/sql.ts'
import type { Server } from './server.ts'
import { type Row, Session } from './session.ts'
import { sharedServer } from './shared-server.ts'

/** Options of a database; default: UTF8 from template1. */
export interface DatabaseOptions {
  /** Such as `LATIN1` or `SQL_ASCII`. */
  readonly encoding?: string
  readonly template?: string
}

/** First version with DROP DATABASE … WITH (FORCE). */
const FORCE_MAJOR = 13

/**
 * A separate database for a test (`await using`). It is dropped with everything that still uses it.
 */
export class TestDatabase implements AsyncDisposable {
  readonly server: Server
  readonly name: string
  #session: Session | null = null

  private constructor(server: Server, name: string) {
    this.server = server
    this.name = name
  }

  /** @param server default: the shared server of the run. */
  static async create(server?: Server, options: DatabaseOptions = {}): Promise<TestDatabase> {
    const host = server ?? (await sharedServer())
    const name = `test_${randomBytes(6).toString('hex')}`
    const template =
      options.template ?? (options.encoding === undefined ? 'template1' : 'template0')
    const encoding = options.encoding === undefined ? '' : ` ENCODING ${literal(options.encoding)}`
    await host.query(`CREATE DATABASE ${ident(name)} TEMPLATE ${ident(template)}${encoding}`)
    return new TestDatabase(host, name)
  }

  /**
   * Returns the rows of the last statement, every value as the server's text. All calls share one
   * connection.
   */
  async sql(text: string, params?: readonly unknown[]): Promise<Row[]> {
    if (this.#session === null || this.#session.lost !== null) this.#session = await this.session()
    return await this.#session.sql(text, params)
  }

  /** Opens a separate connection, for instance for a transaction that stays open. */
  async session(): Promise<Session> {
    return await Session.open(this.server.connectionConfig(this.name))
  }

  /** A config of the connector for this database, with `extra` in addition. */
  config(extra: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const { host, port, user, password, database } = this.server.connectionConfig(this.name)
    const ssl = { ssl_mode: { mode: 'disable' } }
    return { host, port, database, username: user, password, ...ssl, ...extra }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.server.pid === null) return // The whole cluster is removed with the server's directory
    await this.#rollBackPrepared()
    await this.#session?.[Symbol.asyncDispose]()
    // Also with FORCE, an active replication slot blocks DROP before FORCE terminates anything
    await this.server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${literal(this.name)}`,
    )
    const force = this.server.major >= FORCE_MAJOR ? ' WITH (FORCE)' : ''
    await this.server.query(`DROP DATABASE ${ident(this.name)}${force}`)
  }

  /** A prepared transaction blocks DROP and can only be ended from its database. */
  async #rollBackPrepared(): Promise<void> {
    const rows = await this.server.query(
      `SELECT gid FROM pg_prepared_xacts WHERE database = ${literal(this.name)}`,
    )
    for (const { gid } of rows) {
      await this.server.query(`ROLLBACK PREPARED ${literal(gid ?? '')}`, this.name)
    }
  }
}
