import type { Run } from '../helpers/connector.ts'
import { type Connector, runConnector, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import type { Json } from '../helpers/messages.ts'
import type { Row } from '../helpers/session.ts'
import { SEED } from './fixtures.ts'

export type Command = 'spec' | 'check' | 'discover' | 'read'

/** Contents of the files for a command; absent: the option is not given. */
export interface Files {
  readonly config?: unknown
  readonly catalog?: unknown
  readonly state?: unknown
}

/** Result of a command; every line of its stdout was a protocol message. */
export type Outcome = Pick<Run, 'code' | 'messages' | 'stderr'>

/** The tested form of the connector, and the database of `seed.sql` that it reads. */
export interface Subject extends AsyncDisposable {
  /** A valid config. */
  readonly config: Json
  sql(text: string): Promise<Row[]>
  run(command: Command, files?: Files): Promise<Outcome>
}

/** Tests the compiled command with a database on the shared server. */
export async function commandSubject(): Promise<Subject> {
  const database = await TestDatabase.create()
  await database.sql(SEED)
  return new CommandSubject(database, await withConnector({}))
}

class CommandSubject implements Subject {
  readonly config: Json
  readonly #database: TestDatabase
  readonly #connector: Connector

  constructor(database: TestDatabase, connector: Connector) {
    this.config = database.config()
    this.#database = database
    this.#connector = connector
  }

  async sql(text: string): Promise<Row[]> {
    return await this.#database.sql(text)
  }

  async run(command: Command, files: Files = {}): Promise<Outcome> {
    const args: string[] = [command]
    for (const [name, content] of Object.entries(files)) {
      args.push(`--${name}`, await this.#connector.writeFile(`${name}.json`, content))
    }
    return await runConnector(args)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connector[Symbol.asyncDispose]()
    await this.#database[Symbol.asyncDispose]()
  }
}
