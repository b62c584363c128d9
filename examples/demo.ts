import { tableFromIPC } from 'apache-arrow'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ident } from '../src/sql.ts'
import {
  type Connector,
  type Run,
  runConnector,
  withConnector,
} from '../integration_tests/helpers/connector.ts'
import { TestDatabase } from '../integration_tests/helpers/database.ts'
import {
  type Catalog,
  type CatalogStream,
  type StateMessage,
  configuredCatalog,
  lastStates,
  recordsOf,
} from '../integration_tests/helpers/messages.ts'
import { grouped, printLines, shortened, textTable } from '../integration_tests/helpers/report.ts'
import { Server } from '../integration_tests/helpers/server.ts'
import { CHANGE_SHOP, CREATE_SHOP, SHOP_STREAMS } from '../integration_tests/helpers/shop.ts'
import { showChangeDataCapture } from './demo-cdc.ts'
import {
  unexpected,
  expectCode,
  expectThat,
  sample,
  SAMPLE_WIDTH,
  showCommand,
  showConnectionStatus,
} from './demo-output.ts'

const CURSOR_FIELD = 'updated_at'
const VIEWS: ReadonlySet<string> = new Set(['customer_totals'])
const SHOWN_RECORDS = 2

await main()

async function main(): Promise<void> {
  const startedMs = performance.now()
  await using server = await Server.start()
  await using database = await TestDatabase.create(server)
  await database.sql(CREATE_SHOP)
  printLines(`PostgreSQL ${server.major} runs on port ${server.port}, with a small shop in it.`)
  await using connector = await withConnector(database.config())
  await showSpec(connector)
  await showCheck(connector)
  await showWrongPassword(database)
  const catalog = await showDiscover(connector)
  const states = await showFirstRead(connector, database, catalog)
  await showSecondRead(connector, database, catalog, states)
  await showArrow(connector, database)
  await showChangeDataCapture(database)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  for (const message of unexpected) printLines(`✗ ${message}`)
  printLines(
    '',
    unexpected.length === 0 ? `All as expected, in ${seconds} s.` : 'That was not right.',
  )
  process.exitCode = unexpected.length === 0 ? 0 : 1
}

async function showSpec(connector: Connector): Promise<void> {
  showCommand('spec')
  const run = await connector.spec()
  const schema = run.spec?.['connectionSpecification']
  const isObject = typeof schema === 'object' && schema !== null
  const properties = isObject && 'properties' in schema ? Object.keys(schema.properties ?? {}) : []
  printLines(shortened(`${properties.length} settings: ${properties.join(', ')}`, SAMPLE_WIDTH))
  expectCode(run, 0, 'spec')
  expectThat(properties.includes('host'), 'spec must describe the setting "host"')
}

async function showCheck(connector: Connector): Promise<void> {
  showCommand('check', '--config config.json')
  const run = await connector.check()
  showConnectionStatus(run)
  expectCode(run, 0, 'check')
  expectThat(run.connectionStatus?.status === 'SUCCEEDED', 'check must succeed')
}

async function showWrongPassword(database: TestDatabase): Promise<void> {
  showCommand('check', '--config config-with-wrong-password.json')
  await using connector = await withConnector(database.config({ password: 'guess' }))
  const run = await connector.check()
  showConnectionStatus(run)
  expectCode(run, 0, 'check with a wrong password')
  expectThat(run.connectionStatus?.status === 'FAILED', 'check with a wrong password must fail')
}

async function showDiscover(connector: Connector): Promise<Catalog> {
  showCommand('discover', '--config config.json')
  const run = await connector.discover()
  const catalog = run.catalog ?? { streams: [] }
  for (const stream of catalog.streams) {
    const columns = Object.entries(stream.json_schema.properties)
    printLines('', streamTitle(stream), textTable(['column', 'type'], columns.map(describeColumn)))
  }
  expectCode(run, 0, 'discover')
  const names = catalog.streams.map(({ name }) => name)
  for (const name of SHOP_STREAMS) {
    expectThat(names.includes(name), `discover must find "${name}"`)
  }
  return catalog
}

async function showFirstRead(
  connector: Connector,
  database: TestDatabase,
  catalog: Catalog,
): Promise<StateMessage[]> {
  const configured = configuredCatalog(catalog, {
    syncMode: 'incremental',
    cursorField: CURSOR_FIELD,
  })
  const run = await showRead(connector, { catalog: configured })
  for (const name of SHOP_STREAMS) {
    for (const record of recordsOf(run.messages, name).slice(0, SHOWN_RECORDS)) {
      printLines(`${name}: ${sample(record)}`)
    }
  }
  await expectCounts(run, database, 'true')
  return lastStates(run.messages)
}

async function showSecondRead(
  connector: Connector,
  database: TestDatabase,
  catalog: Catalog,
  states: readonly StateMessage[],
): Promise<void> {
  const changedSince = "updated_at >= timestamptz '2025-06-01'"
  await database.sql(CHANGE_SHOP)
  printLines('', 'Now the shop sells: 3 new orders, 2 shipped ones, 1 customer who moved.')
  const configured = configuredCatalog(catalog, {
    syncMode: 'incremental',
    cursorField: CURSOR_FIELD,
  })
  const run = await showRead(connector, { catalog: configured, state: states })
  await expectCounts(run, database, changedSince)
  const moved = recordsOf(run.messages, 'customers').find(({ id }) => id === 42)
  printLines(`customer 42: ${sample(moved ?? null)}`)
  expectThat(
    JSON.stringify(moved ?? null).includes('Elsewhere'),
    'the second read must bring the new address of customer 42',
  )
}

async function showArrow(connector: Connector, database: TestDatabase): Promise<void> {
  const directory = join(connector.directory, 'data')
  const args = ['--config', connector.configFile, '--stream', 'orders', '--format', 'arrow']
  showCommand('read', '--config config.json --stream orders --format arrow --output data')
  const run = await runConnector(['read', ...args, '--output', directory])
  expectCode(run, 0, 'read --format arrow')
  for (const file of await readdir(directory)) {
    const table = tableFromIPC(await readFile(join(directory, file)))
    const types = table.schema.fields.map(({ name, type }) => [name, String(type)])
    const { length } = table.batches
    const batches = `${grouped(table.numRows)} rows in ${length} record ${length === 1 ? 'batch' : 'batches'}`
    printLines(`${file}: ${batches}`, textTable(['column', 'Arrow type'], types))
    const [row] = await database.sql('SELECT count(*) FROM orders')
    expectThat(table.numRows === Number(row?.['count']), 'the Arrow file must have every order')
  }
}

async function showRead(
  connector: Connector,
  input: { catalog: unknown; state?: unknown },
): Promise<Run> {
  const files = Object.keys(input).map((name) => `--${name} ${name}.json`)
  showCommand('read', `--config ${basename(connector.configFile)}`, ...files)
  const startedMs = performance.now()
  const run = await connector.read(input)
  const seconds = (performance.now() - startedMs) / 1000
  const rows = SHOP_STREAMS.map((name) => {
    const states = run.states.filter(({ stream }) => stream?.stream_descriptor.name === name)
    return [name, grouped(recordsOf(run.messages, name).length), grouped(states.length)]
  })
  printLines(textTable(['stream', 'records', 'states'], rows))
  const rate = grouped(run.records.length / seconds)
  printLines(
    `${grouped(run.records.length)} records in ${seconds.toFixed(2)} s with start-up: ${rate}/s`,
  )
  expectCode(run, 0, 'read')
  return run
}

async function expectCounts(run: Run, database: TestDatabase, condition: string): Promise<void> {
  for (const name of SHOP_STREAMS) {
    const [row] = await database.sql(`SELECT count(*) FROM ${ident(name)} WHERE ${condition}`)
    const expected = Number(row?.['count'])
    const actual = recordsOf(run.messages, name).length
    /*
     * The commit time of a view's rows is unknown: an incremental read repeats the last hour before
     * the cursor
     */
    const isRight = VIEWS.has(name) ? actual >= expected : actual === expected
    expectThat(isRight, `${name}: ${actual} records, but ${expected} rows`)
  }
}

function streamTitle(stream: CatalogStream): string {
  const key = (stream.source_defined_primary_key ?? []).flat().join(', ')
  const modes = stream.supported_sync_modes.join(', ')
  return `${stream.namespace}.${stream.name}  (key: ${key || 'none'}; modes: ${modes})`
}

function describeColumn([name, schema]: [string, Record<string, unknown>]): string[] {
  const { type, format, airbyte_type: airbyteType } = schema
  const shown = [type].flat().filter((word) => word !== 'null')
  return [name, [...shown, airbyteType ?? format ?? ''].join(' ').trim()]
}
