import { expect } from 'chai'
import { runConnector, type RunOptions, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { LoginRole } from '../helpers/login-role.ts'

describe('a stream that exists but is not read', () => {
  let database: TestDatabase
  let role: LoginRole
  before(async () => {
    database = await TestDatabase.create()
    role = await LoginRole.create(database)
    await database.sql(`
      CREATE TABLE shared (id int); CREATE TABLE orders (id int);
      CREATE SCHEMA closed; CREATE TABLE closed."T ""x" (id int);
      CREATE TABLE "zoo.items" (id int); CREATE SCHEMA zoo; CREATE TABLE zoo.items (id int);
      CREATE SCHEMA other; CREATE TABLE other.items (id int);
      GRANT SELECT ON shared TO ${role.name};
      GRANT USAGE ON SCHEMA other TO ${role.name}; GRANT SELECT ON other.items TO ${role.name}`)
  })
  after(async () => {
    await role[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  async function errorOf(
    command: readonly string[],
    config: Readonly<Record<string, unknown>> = {},
    options: RunOptions = {},
  ): Promise<string> {
    await using connector = await withConnector(role.config(config))
    const [name = '', ...args] = command
    const run = await runConnector([name, '--config', connector.configFile, ...args], options)
    const shown = [...run.errors.map(({ message }) => message), run.stderr].join('\n')
    expect(run.code).to.equal(1)
    expect(run.records).to.deep.equal([])
    return shown
  }

  function grantOf(schema: string, table: string): string {
    const select = `GRANT SELECT ON "${schema}"."${table}" TO "${role.name}"`
    return `User '${role.name}' may not read table '${table.replaceAll('""', '"')}' in schema '${schema}'. Run ${
      schema === 'public' ? '' : `GRANT USAGE ON SCHEMA "${schema}" TO "${role.name}" and `
    }${select}.`
  }

  for (const [label, schema, table] of [
    ['orders', 'public', 'orders'],
    ['public.orders', 'public', 'orders'],
    ['closed.T "x', 'closed', 'T ""x'],
  ] as const) {
    for (const command of ['read', 'discover']) {
      it(`${command} --stream ${label} names the missing GRANT`, async () => {
        expect(await errorOf([command, '--stream', label])).to.include(grantOf(schema, table))
      })
    }
  }

  it('the server accepts the statements of the message, and the stream can be read then', async () => {
    await database.sql('CREATE TABLE later (id int)')
    const message = await errorOf(['read', '--stream', 'later'])
    await database.sql(/Run (GRANT .*)\.$/m.exec(message)![1]!.replaceAll(' and GRANT', '; GRANT'))
    await using connector = await withConnector(role.config())
    const args = ['read', '--config', connector.configFile, '--stream', 'later']
    expect((await runConnector(args)).statuses).to.include('later: COMPLETE')
  })

  it('shards names the missing GRANT', async () => {
    const command = ['shards', '--stream', 'orders', '--count', '2', '--idle-timeout', '5']
    const message = JSON.stringify(grantOf('public', 'orders')).slice(1, -1)
    expect(await errorOf(command)).to.include(message)
  })

  it('read names the missing GRANT for each stream of the catalog', async () => {
    await using files = await withConnector({})
    const streams = [
      configured('public', 'orders'),
      configured('closed', 'T "x'),
      configured('public', 'nothing'),
    ]
    const catalog = await files.writeFile('catalog.json', { streams })
    const message = await errorOf(['read', '--catalog', catalog])
    expect(message)
      .to.include(grantOf('public', 'orders'))
      .and.include(grantOf('closed', 'T ""x'))
      .and.include("Stream 'public.nothing' of the catalog is not in database")
  })

  it('--stream zoo.items names the GRANT for each relation that it can mean', async () => {
    expect(await errorOf(['read', '--stream', 'zoo.items']))
      .to.include(grantOf('public', 'zoo.items'))
      .and.include(grantOf('zoo', 'items'))
  })

  it('read names the GRANT for the stream of the catalog, not for a name with a dot', async () => {
    await using files = await withConnector({})
    const streams = [configured('zoo', 'items')]
    const catalog = await files.writeFile('catalog.json', { streams })
    const message = await errorOf(['read', '--catalog', catalog])
    expect(message).to.include(grantOf('zoo', 'items')).and.not.include('zoo.items')
  })

  it('read names the schema of a stream, and not one whose name with a dot looks the same', async () => {
    await database.sql(`
      CREATE SCHEMA "a"; CREATE TABLE a."b.c" (id int);
      CREATE SCHEMA "a.b"; CREATE TABLE "a.b".c (id int);
      GRANT USAGE ON SCHEMA a TO ${role.name}; GRANT SELECT ON a."b.c" TO ${role.name}`)
    await using files = await withConnector({})
    const streams = [configured('a', 'b.c'), configured('a.b', 'c')]
    const catalog = await files.writeFile('catalog.json', { streams })
    const message = await errorOf(['read', '--catalog', catalog])
    expect(message).to.include(grantOf('a.b', 'c'))
  })

  it('read --stream names the schema that the config does not select', async () => {
    const message = await errorOf(['read', '--stream', 'other.items'])
    expect(message).to.include("Add 'other' to 'schemas'.")
  })

  it("read --stream names the config's table", async () => {
    await database.sql(`CREATE TABLE second (id int); GRANT SELECT ON second TO ${role.name}`)
    const message = await errorOf(['read', '--stream', 'second'], { table: 'shared' })
    expect(message).to.include(
      "The config selects only table 'shared', not stream 'public.second'.",
    )
  })
})

function configured(namespace: string, name: string): object {
  return {
    stream: { name, namespace, json_schema: {} },
    sync_mode: 'full_refresh',
    destination_sync_mode: 'append',
  }
}
