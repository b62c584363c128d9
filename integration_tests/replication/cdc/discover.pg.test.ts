import { expect } from 'chai'
import { withConnector } from '../../helpers/connector.ts'
import { CdcDatabase } from './cdc-database.ts'

const TABLES = `
CREATE TABLE users (id int PRIMARY KEY, email text, code int GENERATED ALWAYS AS (id + 1) STORED);
CREATE TABLE orders (id int PRIMARY KEY);
CREATE TABLE notes (body text);
CREATE VIEW seen AS SELECT 1 AS id;`

describe('discover in CDC mode', () => {
  it('offers incremental for relations in the log, with the three change columns', async () => {
    await using cdc = await CdcDatabase.create(TABLES, { publication: 'FOR TABLE users, notes' })
    await using connector = await withConnector(cdc.config())
    const { streams } = await connector.catalog()
    expect(streams.find(({ name }) => name === 'users')).to.deep.equal({
      name: 'users',
      namespace: 'public',
      json_schema: {
        type: 'object',
        properties: {
          id: { type: 'number', airbyte_type: 'integer' },
          email: { type: 'string' },
          _ab_cdc_lsn: { type: 'number' },
          _ab_cdc_updated_at: { type: 'string' },
          _ab_cdc_deleted_at: { type: 'string' },
        },
      },
      supported_sync_modes: ['full_refresh', 'incremental'],
      source_defined_cursor: true,
      default_cursor_field: ['_ab_cdc_lsn'],
      source_defined_primary_key: [['id']],
      is_resumable: true,
    })
  })

  it('offers other relations as full refresh, and logs the reason with the statement that fixes it', async () => {
    await using cdc = await CdcDatabase.create(TABLES, { publication: 'FOR TABLE users, notes' })
    await using connector = await withConnector(cdc.config())
    const { catalog, logs } = await connector.discover()
    const rest = catalog!.streams.filter(({ name }) => name !== 'users')
    expect(rest.map(({ name }) => name)).to.deep.equal(['notes', 'orders', 'seen'])
    for (const stream of rest) {
      expect(stream.supported_sync_modes, stream.name).to.deep.equal(['full_refresh'])
      expect(stream.source_defined_cursor, stream.name).to.equal(false)
      expect(stream.default_cursor_field, stream.name).to.deep.equal([])
      expect(stream.json_schema.properties, stream.name).not.to.have.property('_ab_cdc_lsn')
    }
    expect(rest.map((stream) => stream.source_defined_primary_key)).to.deep.equal([
      [],
      [['id']],
      [],
    ])
    expect(logs.map(({ message }) => message)).to.include.members([
      `Stream 'public.notes' is offered as full refresh only: it has no primary key. Run: ALTER TABLE "public"."notes" ADD PRIMARY KEY (…); or ALTER TABLE "public"."notes" REPLICA IDENTITY USING INDEX …;`,
      `Stream 'public.orders' is offered as full refresh only: publication "p" does not publish it. Run: ALTER PUBLICATION "p" ADD TABLE "public"."orders";`,
      `Stream 'public.seen' is offered as full refresh only: only tables have changes in the log`,
      `Stream 'public.users' is offered without "code": the publication leaves out their values.`,
    ])
  })

  for (const command of ['discover', 'check'] as const) {
    it(`${command} lists each stream of a publication that does not exist once, in one message`, async () => {
      await using cdc = await CdcDatabase.create(
        'CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE c (v text)',
      )
      await cdc.sql('DROP PUBLICATION p')
      await using connector = await withConnector(cdc.config())
      const { logs } = await connector[command]()
      const messages = logs.map(({ message }) => message)
      expect(messages.filter((message) => message.includes('full refresh'))).to.deep.equal([
        `Streams 'public.a', 'public.b', 'public.c' are offered as full refresh only: publication "p" does not exist`,
      ])
    })
  }
})
