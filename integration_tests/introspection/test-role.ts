import type { TestDatabase } from '../helpers/database.ts'

/**
 * Roles are shared by the whole cluster: this one is for a single database and is dropped with what
 * it owns.
 */
export class TestRole implements AsyncDisposable {
  readonly name: string
  readonly #db: TestDatabase

  private constructor(db: TestDatabase) {
    this.name = `reader_${db.name}`
    this.#db = db
  }

  /** Creates a role without any grant. */
  static async create(db: TestDatabase): Promise<TestRole> {
    const role = new TestRole(db)
    await db.sql(`CREATE ROLE ${role.name}`)
    return role
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#db.sql(`DROP OWNED BY ${this.name}; DROP ROLE ${this.name}`)
  }
}
