import { expect } from 'chai'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHECKOUT } from './helpers/checkout.ts'
import { Authority } from './postgres/connection/tls/certificates.ts'
import { type Run, runConnector } from './helpers/connector.ts'
import { TestDatabase } from './helpers/database.ts'
import { recordsOf } from './helpers/messages.ts'
import { Server } from './helpers/server.ts'

const CREATE_SALES = `
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, segment text);
INSERT INTO customers SELECT n, 'Customer ' || n, 'segment ' || n % 3 FROM generate_series(1, 10) AS n;
CREATE TABLE orders (order_id int PRIMARY KEY, customer_id int REFERENCES customers, updated_at timestamptz NOT NULL);
INSERT INTO orders SELECT n, n % 10 + 1, timestamptz '2024-01-15Z' + n * interval '1 hour'
FROM generate_series(1, 100) AS n;
CREATE SCHEMA analytics;
CREATE VIEW analytics.orders AS SELECT * FROM public.orders;
CREATE VIEW analytics.customers AS SELECT * FROM public.customers;
CREATE SCHEMA orders;
CREATE TABLE orders.order_items (order_id int, item_id int, quantity int, modified_at timestamp NOT NULL,
                                 PRIMARY KEY (order_id, item_id));
INSERT INTO orders.order_items SELECT n / 10, n % 10, n, timestamp '2024-03-01' + n * interval '1 second'
FROM generate_series(1, 12000) AS n;
ANALYZE`

const EXAMPLES = `${CHECKOUT}examples/`

describe('the example configs', () => {
  let server: Server
  let database: TestDatabase
  let directory: string
  before(async () => {
    await using authority = await Authority.create('Example')
    const { certificate, key } = await authority.itself()
    const settings = { ssl: 'on', ssl_cert_file: 'example.crt', ssl_key_file: 'example.key' }
    const files = { 'example.crt': certificate, 'example.key': key }
    server = await Server.start({ files, settings })
    database = await TestDatabase.create(server)
    await database.sql(CREATE_SALES)
    directory = await mkdtemp(join(tmpdir(), 'examples-'))
  })
  after(async () => {
    await rm(directory, { recursive: true })
    await database[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  /**
   * Runs a command with an unmodified example; environment variables contain the address of the
   * server.
   */
  async function run(command: string, example: string, ...args: readonly string[]): Promise<Run> {
    const { host, port, user, password } = server.connectionConfig(database.name)
    const env = {
      DB_HOST: host,
      DB_PORT: `${port}`,
      DB_NAME: database.name,
      DB_USER: user,
      DB_PASSWORD: password,
    }
    const config = ['--config', `${EXAMPLES}${example}.json`, '--expand-env']
    return await runConnector([command, ...config, ...args], { env })
  }

  /** Reads with the states in a file for this example. */
  async function sync(example: string): Promise<Run> {
    const state = join(directory, `${example}.state.json`)
    const done = await run('read', example, '--state', state, '--state-out', state)
    expect(done.errors).to.deep.equal([])
    expect(done.code).to.equal(0)
    return done
  }

  for (const example of [
    'customers',
    'orders_incremental',
    'analytics_query',
    'production_legacy_names',
    'mixed_names',
  ]) {
    it(`${example}: check succeeds`, async () => {
      const { connectionStatus } = await run('check', example)
      expect(connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
    })
  }

  it('customers: without --expand-env, check names the parameters to replace', async () => {
    const done = await runConnector(['check', '--config', `${EXAMPLES}customers.json`])
    expect(done.connectionStatus?.status).to.equal('FAILED')
    expect(done.errors[0]?.message).to.equal(
      "Parameter 'port' must be an integer; ${NAME} is replaced only with --expand-env, and is the " +
        "value of 'host', 'port', 'database', 'username', 'password'.",
    )
  })

  it('customers: reads the whole table', async () => {
    const done = await sync('customers')
    expect(recordsOf(done.messages, 'public.customers')).to.have.length(10)
    expect(done.records).to.have.length(10)
  })

  it('orders_incremental: reads all rows, then none, then the changed ones', async () => {
    expect((await sync('orders_incremental')).records).to.have.length(100)
    expect((await sync('orders_incremental')).records).to.deep.equal([])
    await database.sql("UPDATE orders SET updated_at = '2025-01-28 10:30:00Z' WHERE order_id = 5")
    const { records } = await sync('orders_incremental')
    expect(records.map(({ data }) => data)).to.deep.equal([
      { order_id: 5, customer_id: 6, updated_at: '2025-01-28T10:30:00.000000Z' },
    ])
  })

  it('analytics_query: reads a join by o.updated_at, then the changed rows', async () => {
    const first = await sync('analytics_query')
    const rows = recordsOf(first.messages, 'analytics.query')
    expect(rows).to.have.length(100)
    expect(Object.keys(rows[0] ?? {})).to.deep.equal([
      'order_id',
      'customer_id',
      'updated_at',
      'segment',
    ])
    const state = JSON.stringify(first.states.at(-1)?.stream?.stream_state)
    expect(state).to.include('"cursors":{"updated_at":')
    await database.sql("UPDATE orders SET updated_at = '2025-02-01Z' WHERE order_id = 6")
    const second = await sync('analytics_query')
    expect(second.records.at(-1)?.data).to.deep.include({ order_id: 6, segment: 'segment 1' })
    expect(second.records).to.have.length.below(10)
  })

  it('production_legacy_names: reads over TLS, in batches of 5000, by modified_at', async () => {
    const first = await sync('production_legacy_names')
    expect(recordsOf(first.messages, 'orders.order_items')).to.have.length(12_000)
    expect(first.states).to.have.length.above(2)
    await database.sql(
      "INSERT INTO orders.order_items VALUES (9999, 1, 1, '2025-01-01'), (9999, 2, 1, '2025-01-01')",
    )
    const second = await sync('production_legacy_names')
    expect(second.records.map(({ data }) => data['item_id'])).to.have.members([1, 2])
  })

  it('mixed_names: the canonical names take precedence, and a warning contains both', async () => {
    const done = await sync('mixed_names')
    expect(recordsOf(done.messages, 'orders')).to.have.length(100)
    const warnings = done.logs.filter(({ level }) => level === 'WARN')
    const text = warnings.map(({ message }) => message).join('\n')
    for (const name of ['database', 'dbname', 'username', 'user']) expect(text).to.include(name)
    expect(text).to.not.match(/old_database|old_user/)
  })
})
