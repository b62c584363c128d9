import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Connector, runConnector, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { arrowArgs } from '../writers/arrow/arrow-files.ts'
import { createBulkTable } from './bulk-table.ts'

const ROWS = 25_000

describe('Arrow files encoded by the WebAssembly module', () => {
  let db: TestDatabase
  let connector: Connector

  before(async () => {
    db = await TestDatabase.create()
    await db.sql(createBulkTable('t', ROWS))
    // Before PostgreSQL 14, the rows of a table are passed on one by one, unlike those of a view
    await db.sql('CREATE VIEW v AS SELECT * FROM t')
    connector = await withConnector(db.config())
  })

  after(async () => {
    await connector[Symbol.asyncDispose]()
    await db[Symbol.asyncDispose]()
  })

  async function read(mode: string, options: readonly string[]): Promise<Buffer[]> {
    const env = { SOURCE_POSTGRES_WASM: mode }
    const args = [...arrowArgs(connector, mode), ...options]
    const { errors } = await runConnector(args, { env })
    expect(errors).to.deep.equal([])
    const directory = join(connector.directory, mode)
    return ['t', 'v'].map((name) => readFileSync(join(directory, `public.${name}.arrow`)))
  }

  for (const options of [[], ['--arrow-exact']]) {
    it(`are equal to those without it, with ${options.join() || 'the default types'}`, async () => {
      const expected = await read('off', options)
      for (const mode of ['bulk', 'always']) {
        const actual = await read(mode, options)
        actual.forEach((file, index) => expect(file.equals(expected[index]!)).to.equal(true))
      }
    })
  }
})
