import { literal } from '../../../src/sql.ts'
import { TestDatabase } from '../../helpers/database.ts'
import type { Server } from '../../helpers/server.ts'
import type { Row } from '../../helpers/session.ts'

/** A database with a publication `p` and a slot that has the name of the database. */
export class CdcDatabase implements AsyncDisposable {
  readonly db: TestDatabase
  readonly slot: string

  private constructor(db: TestDatabase) {
    this.db = db
    this.slot = db.name
  }

  /**
   * @param sql creates the tables; by default all of them are published. The slot is created last.
   */
  static async create(
    sql: string,
    { publication = 'FOR ALL TABLES', server }: { publication?: string; server?: Server } = {},
  ): Promise<CdcDatabase> {
    const cdc = new CdcDatabase(await TestDatabase.create(server))
    await cdc.db.sql(sql)
    await cdc.db.sql(`CREATE PUBLICATION p ${publication}`)
    await cdc.createSlot()
    return cdc
  }

  async createSlot(plugin = 'pgoutput'): Promise<void> {
    await this.db.sql(`SELECT pg_create_logical_replication_slot('${this.slot}', '${plugin}')`)
  }

  async dropSlot(): Promise<void> {
    await this.db.sql(
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '${this.slot}'`,
    )
  }

  async sql(text: string): Promise<Row[]> {
    return await this.db.sql(text)
  }

  /** A config of the connector, with `method` in the CDC branch and `extra` at the top level. */
  config(
    method: Readonly<Record<string, unknown>> = {},
    extra: Readonly<Record<string, unknown>> = {},
  ): Record<string, unknown> {
    const cdc = { method: 'CDC', replication_slot: this.slot, publication: 'p', ...method }
    return this.db.config({ replication_method: cdc, ...extra })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.db.server.pid !== null) {
      await this.sql(
        `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = ${literal(this.slot)}`,
      )
      for (let isFree = false; !isFree;) {
        const [row] = await this.sql(
          `SELECT count(*) AS busy FROM pg_replication_slots WHERE slot_name = ${literal(this.slot)} AND active`,
        )
        isFree = row?.['busy'] === '0'
      }
      await this.dropSlot()
    }
    await this.db[Symbol.asyncDispose]()
  }
}
