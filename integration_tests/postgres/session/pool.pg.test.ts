import { expect } from 'chai'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { Database } from '../../../src/postgres/session/database.ts'
import { withConnector } from '../../helpers/connector.ts'
import { TestDatabase } from '../../helpers/database.ts'

const PASSWORD = 'limited-4711'

describe('the pool', () => {
  it('opens min_connections and never more than max_connections; they bear the application_name', async () => {
    await using test = await TestDatabase.create()
    const limits = { min_connections: 3, max_connections: 4, application_name: test.name }
    const { config } = parseConfig(test.config(limits))
    await using database = await Database.connect(config)
    const count = async (): Promise<number> => {
      const sql = `SELECT count(*) FROM pg_stat_activity WHERE application_name = '${test.name}'`
      return Number((await test.sql(sql))[0]?.['count'])
    }
    expect(await count()).to.equal(3)
    expect(database.figures()).to.include({ min: 3, max: 4, size: 3, idle: 3, busy: 0 })
    const queries = Array.from(
      { length: 8 },
      async () => await database.query('SELECT pg_sleep(0.2)'),
    )
    await database.query('SELECT 1')
    expect(await count()).to.equal(4)
    await Promise.all(queries)
    expect(database.figures()).to.include({ size: 4, idle: 4, busy: 0, waiting: 0 })
  })

  it('a role with one connection → check warns with the numbers, and a read works', async () => {
    await using test = await TestDatabase.create()
    const role = `${test.name}_role`
    await test.sql(`
      CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}' CONNECTION LIMIT 1;
      CREATE TABLE t AS SELECT n AS id FROM generate_series(1, 100) AS n;
      GRANT SELECT ON t TO ${role}`)
    const account = { username: role, password: PASSWORD }
    await using connector = await withConnector(test.config(account))
    const { logs } = await connector.check()
    const warnings = logs.filter(({ level }) => level === 'WARN').map(({ message }) => message)
    expect(warnings.join()).to.match(/is 5, and only 1 can be had: .* the role may have 1,/)
    const run = await connector.read()
    expect(run.code).to.equal(0)
    expect(run.records).to.have.length(100)

    const held = await Database.connect(parseConfig(test.config(account)).config)
    try {
      const refused = await connector.read()
      expect(refused.errors.map(({ failure_type: type }) => type)).to.deep.equal([
        'transient_error',
      ])
      expect(refused.errors[0]?.message).to.include('we hold 0 and want up to 5')
      const error: unknown = await holdTwo(held).catch((reason: unknown) => reason)
      expect(String(error)).to.match(/we hold 1 and want up to 5 .* the role may have 1\./)
    } finally {
      await held[Symbol.asyncDispose]()
      await test.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })
})

async function holdTwo(database: Database): Promise<void> {
  const first = await database.acquire()
  try {
    const second = await database.acquire()
    second.release()
  } finally {
    first.release()
  }
}
