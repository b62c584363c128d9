import { ident, literal } from '../../src/sql.ts'
import type { TestDatabase } from './database.ts'

/** A role that can log in and has no other privilege. It is dropped with what it owns. */
export class LoginRole implements AsyncDisposable {
  readonly name: string
  readonly password: string
  readonly #db: TestDatabase

  private constructor(db: TestDatabase, password: string) {
    this.name = `login_${db.name}`
    this.password = password
    this.#db = db
  }

  static async create(db: TestDatabase, password = 'its password'): Promise<LoginRole> {
    const role = new LoginRole(db, password)
    await db.sql(`CREATE ROLE ${ident(role.name)} LOGIN PASSWORD ${literal(password)}`)
    return role
  }

  /** A config of the connector for this role, with `extra` in addition. */
  config(extra: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return this.#db.config({ username: this.name, password: this.password, ...extra })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const role = ident(this.name)
    await this.#db.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  }
}
