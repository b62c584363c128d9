import type { TestDatabase } from '../helpers/database.ts'

/** Roles belong to the whole cluster: one for each database, dropped with what it owns. */
export class TestRole implements AsyncDisposable {
  readonly name: string
  readonly #db: TestDatabase

  private constructor(db: TestDatabase) {
    this.name = `reader_${db.name}`
    this.#db = db
  }

  /** A role without any grant of its own. */
  static async create(db: TestDatabase): Promise<TestRole> {
    const role = new TestRole(db)
    await db.sql(`CREATE ROLE ${role.name}`)
    return role
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#db.sql(`DROP OWNED BY ${this.name}; DROP ROLE ${this.name}`)
  }
}
