import pg from 'pg'
import type {
  QuerySession,
  ResultField,
  SqlSession,
} from '../../src/postgres/session/sql-session.ts'
import type { TestDatabase } from '../helpers/database.ts'

/**
 * A session of plain pg that counts its statements; `role` is the current role, by default the
 * superuser.
 */
export class CatalogSession implements SqlSession, QuerySession, AsyncDisposable {
  queries = 0
  readonly #client: pg.Client

  private constructor(client: pg.Client) {
    this.#client = client
  }

  static async open(db: TestDatabase, role?: string): Promise<CatalogSession> {
    const client = new pg.Client(db.server.connectionConfig(db.name))
    await client.connect()
    if (role !== undefined) await client.query(`SET ROLE ${client.escapeIdentifier(role)}`)
    return new CatalogSession(client)
  }

  async query<Row>(sql: string, params: readonly unknown[] = []): Promise<readonly Row[]> {
    this.queries++
    const { rows } = await this.#client.query<Row & pg.QueryResultRow>(sql, [...params])
    return rows
  }

  async queryAll<Row>(statements: readonly string[]): Promise<readonly (readonly Row[])[]> {
    const results: (readonly Row[])[] = []
    for (const sql of statements) results.push(await this.query<Row>(sql))
    return results
  }

  async describe(sql: string): Promise<readonly ResultField[]> {
    this.queries++
    await this.#client.query('BEGIN READ ONLY')
    try {
      const { fields } = await this.#client.query({ text: sql, queryMode: 'extended' })
      return fields.map(({ name, dataTypeID, dataTypeModifier }) => {
        return { name, typeOid: dataTypeID, typmod: dataTypeModifier }
      })
    } finally {
      await this.#client.query('ROLLBACK')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end()
  }
}
