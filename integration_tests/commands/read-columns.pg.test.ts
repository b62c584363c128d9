import { expect } from 'chai'
import { type Connector, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { configuredCatalog, type Json, recordsOf } from '../helpers/messages.ts'
import { LoginRole } from '../helpers/login-role.ts'

const TABLE = `
CREATE TABLE t (id int PRIMARY KEY, name text, secret text);
INSERT INTO t SELECT n, 'name ' || n, 'secret ' || n FROM generate_series(1, 3) AS n`

const NAMED = [1, 2, 3].map((id) => ({ id, name: `name ${id}` }))

function propertiesOf(...names: string[]): Json {
  return { type: 'object', properties: Object.fromEntries(names.map((name) => [name, {}])) }
}

/**
 * A catalog with the stream `t`, with `properties` in its schema and `choice` in the configured
 * stream.
 */
function catalogOf(schema: Json | undefined, choice: Json = {}): Json {
  const stream = { name: 't', namespace: 'public', supported_sync_modes: ['full_refresh'] }
  return {
    streams: [
      {
        stream: schema === undefined ? stream : { ...stream, json_schema: schema },
        sync_mode: 'full_refresh',
        destination_sync_mode: 'append',
        ...choice,
      },
    ],
  }
}

async function failureOf(connector: Connector, catalog: Json): Promise<string> {
  const run = await connector.read({ catalog })
  expect(run.code).to.equal(1)
  expect(run.records).to.deep.equal([])
  expect(run.errors.map((error) => error.failure_type)).to.deep.equal(['config_error'])
  return run.errors[0]?.message ?? ''
}

describe('read, columns', () => {
  let db: TestDatabase
  let connector: Connector

  before(async () => {
    db = await TestDatabase.create()
    await db.sql(TABLE)
    connector = await withConnector(db.config())
  })

  after(async () => {
    await connector[Symbol.asyncDispose]()
    await db[Symbol.asyncDispose]()
  })

  it('reads only the columns that the role may read', async () => {
    await using role = await LoginRole.create(db)
    await db.sql(`GRANT SELECT (id, name) ON t TO ${role.name}`)
    await using narrow = await withConnector(role.config())
    const catalog = await narrow.catalog()
    expect(Object.keys(catalog.streams[0]?.json_schema.properties ?? {})).to.deep.equal([
      'id',
      'name',
    ])
    const run = await narrow.read({ catalog: configuredCatalog(catalog) })
    expect(run.code).to.equal(0)
    expect(recordsOf(run.messages, 't')).to.deep.equal(NAMED)
  })

  it('reads only the columns in the catalog', async () => {
    const run = await connector.read({ catalog: catalogOf(propertiesOf('name', 'id')) })
    expect(run.code).to.equal(0)
    expect(recordsOf(run.messages, 't')).to.deep.equal(NAMED)
    expect(run.logs.filter(({ level }) => level === 'WARN')).to.deep.equal([])
  })

  it('reads empty records for a catalog without columns, and all columns for one without properties', async () => {
    const none = await connector.read({ catalog: catalogOf(propertiesOf()) })
    expect(recordsOf(none.messages, 't')).to.deep.equal([{}, {}, {}])
    const all = await connector.read({ catalog: catalogOf({}) })
    expect(recordsOf(all.messages, 't').map((row) => Object.keys(row))).to.deep.equal(
      [1, 2, 3].map(() => ['id', 'name', 'secret']),
    )
  })

  it('writes null for a column that no longer exists, with a warning', async () => {
    const properties = propertiesOf('id', 'lost', 'name')
    const run = await connector.read({ catalog: catalogOf(properties) })
    expect(run.code).to.equal(0)
    expect(recordsOf(run.messages, 't')).to.deep.equal(NAMED.map((row) => ({ ...row, lost: null })))
    const warnings = run.logs.filter(({ level }) => level === 'WARN')
    expect(warnings).to.have.length(1)
    expect(warnings[0]?.message).to.include("'public.t' no longer has 'lost'")
  })

  it('writes null for a column that the role may no longer read, with a warning', async () => {
    await using role = await LoginRole.create(db)
    await db.sql(`GRANT SELECT (id, name) ON t TO ${role.name}`)
    await using narrow = await withConnector(role.config())
    const run = await narrow.read({ catalog: catalogOf(propertiesOf('id', 'name', 'secret')) })
    expect(run.code).to.equal(0)
    expect(recordsOf(run.messages, 't')).to.deep.equal(
      NAMED.map((row) => ({ ...row, secret: null })),
    )
    expect(run.logs.some(({ message }) => message.includes("'secret'"))).to.equal(true)
  })

  it('fails if a column of the primary key no longer exists', async () => {
    const catalog = catalogOf(propertiesOf('key', 'name'), { primary_key: [['key']] })
    expect(await failureOf(connector, catalog)).to.include("primary key column 'key'")
  })

  it('fails if the cursor no longer exists, with the names of the columns', async () => {
    const choice = { sync_mode: 'incremental', cursor_field: ['updated_at'] }
    const catalog = catalogOf(propertiesOf('id', 'updated_at'), choice)
    expect(await failureOf(connector, catalog)).to.include(
      "Cursor field 'updated_at' not found in data chunk columns: ['id', 'name', 'secret']. Set cursor_field to one of them, or refresh the catalog.",
    )
  })

  it('fails for an incremental stream without a cursor', async () => {
    const catalog = catalogOf(propertiesOf('id'), { sync_mode: 'incremental' })
    expect(await failureOf(connector, catalog)).to.include(
      'cursor_field is required for incremental sync_mode',
    )
  })

  it('does not take the last name of a nested cursor_field for the cursor', async () => {
    const choice = { sync_mode: 'incremental', cursor_field: ['secret', 'id'] }
    expect(await failureOf(connector, catalogOf(propertiesOf('id'), choice))).to.include(
      "cursor_field of stream 'public.t' has 2 names",
    )
  })
})
