import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { format } from 'prettier'
import { barChart } from './chart.ts'
import { parseOptions, positiveInteger } from './options.ts'
import { type Destination, type Usage, countOutput, measure } from './measure.ts'
import { type Measured, type TableResult, chartGroups, showResults, summarize } from './result.ts'
import {
  type BenchTable,
  MIXED,
  NARROW,
  SETTINGS,
  WIDE,
  fillTable,
  selectColumns,
} from './tables.ts'
import { CHECKOUT } from '../integration_tests/helpers/checkout.ts'
import {
  type Connector,
  ENTRY_POINT,
  withConnector,
} from '../integration_tests/helpers/connector.ts'
import { TestDatabase } from '../integration_tests/helpers/database.ts'
import { configuredCatalog } from '../integration_tests/helpers/messages.ts'
import { grouped, printLines } from '../integration_tests/helpers/report.ts'
import { Server } from '../integration_tests/helpers/server.ts'

const DEFAULT_ROWS = '2000000'
const DEFAULT_RUNS = '5'
const LONG_FACTOR = 5
const ONLY_MIXED: ReadonlySet<Measured['method']> = new Set([
  'connector > file',
  'arrow file',
  'pg-cursor',
])
const LONG: BenchTable = { ...MIXED, name: 'bench_mixed_long' }

/** A method of reading a table: the arguments of `node`, and the destination of its output. */
interface Contender {
  readonly method: Measured['method']
  readonly args: readonly string[]
  readonly destination: Destination
  /** Number of bytes, if it is known beforehand; null if the process reports it. */
  readonly bytes: number | null
}

/** Peak memory for a table and for one that is `LONG_FACTOR` times as long. */
interface Flatness {
  readonly rows: number
  readonly longRows: number
  readonly peakRssMegabytes: number | null
  readonly longPeakRssMegabytes: number | null
}

/** Results for the documentation. */
interface Report {
  readonly machine: { readonly cpu: string; readonly cores: number }
  readonly versions: { readonly node: string; readonly postgresql: number }
  readonly runs: number
  readonly tables: readonly TableResult[]
  readonly flatness: Flatness | null
}

await main()

async function main(): Promise<void> {
  const { rows, runs, long } = readOptions()
  await using server = await Server.start({ settings: SETTINGS })
  await using database = await TestDatabase.create(server)
  await using connector = await withConnector(database.config())
  const results: TableResult[] = []
  for (const table of [MIXED, WIDE, NARROW]) {
    const tableRows = Math.max(1, Math.round(rows * table.share))
    await fillTable(database, table, tableRows)
    const ways = await contendersFor({ database, connector, table, rows: tableRows })
    const shape = { table: table.name, rows: tableRows, columns: Object.keys(table.columns).length }
    results.push(summarize(shape, await race(ways, runs)))
  }
  printLines('', showResults(results))
  const flatness = long ? await measureFlatness(database, connector, results) : null
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism() }
  const versions = { node: process.version, postgresql: server.major }
  await save({ machine, versions, runs, tables: results, flatness })
}

function readOptions() {
  const values = parseOptions('npm run bench:rows: reads tables with several programs in turn.', {
    rows: {
      default: process.env['BENCH_ROWS'] ?? DEFAULT_ROWS,
      describe: 'Rows of the mixed table',
    },
    runs: { default: process.env['RUNS'] ?? DEFAULT_RUNS, describe: 'Rounds' },
    long: { default: true, describe: 'Leave out the read of 5 times as many rows' },
  })
  return {
    rows: positiveInteger('rows', values.rows),
    runs: positiveInteger('runs', values.runs),
    long: values.long,
  }
}

async function contendersFor(input: {
  database: TestDatabase
  connector: Connector
  table: BenchTable
  rows: number
}): Promise<Contender[]> {
  const { database, connector, table, rows } = input
  const connection = JSON.stringify(database.server.connectionConfig(database.name))
  const select = selectColumns(table)
  const drain = [scriptPath('drain'), connection, select]
  const cursor = [scriptPath('plain-cursor'), connection, select, table.name]
  const read = await connectorArgs(connector, table)
  const { lines, bytes } = await countOutput(read)
  if (lines < rows) throw new Error(`The connector wrote ${lines} lines for ${rows} rows`)
  const all: Contender[] = [
    { method: 'raw drain', args: drain, destination: 'null', bytes: null },
    { method: 'connector', args: read, destination: 'null', bytes },
    { method: 'connector | cat', args: read, destination: 'cat', bytes },
    { method: 'connector > file', args: read, destination: 'file', bytes },
    { method: 'arrow file', ...(await arrowContender(connector, read)), destination: 'null' },
    { method: 'pg-cursor', args: cursor, destination: 'null', bytes: null },
  ]
  return all.filter(({ method }) => table === MIXED || !ONLY_MIXED.has(method))
}

/** The same read into an Arrow file, which each run replaces. */
async function arrowContender(
  connector: Connector,
  read: readonly string[],
): Promise<Pick<Contender, 'args' | 'bytes'>> {
  const directory = join(connector.directory, 'arrow')
  const args = [...read, '--format', 'arrow', '--output', directory]
  await measure(args, 'null')
  const sizes = await Promise.all(
    (await readdir(directory)).map(async (file) => (await stat(join(directory, file))).size),
  )
  await rm(directory, { recursive: true })
  return { args, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}

async function connectorArgs(connector: Connector, table: BenchTable): Promise<string[]> {
  const catalog = configuredCatalog(await connector.catalog(), { streams: [table.name] })
  return [ENTRY_POINT, ...(await connector.readArgs({ catalog }))]
}

/** Runs all methods in each round, so that temporary load on the machine affects every method. */
async function race(contenders: readonly Contender[], runs: number): Promise<Measured[]> {
  const measured = contenders.map(({ method, bytes }) => ({
    method,
    bytes: bytes ?? 0,
    usages: new Array<Usage>(),
  }))
  for (let run = 1; run <= runs; run++) {
    for (const [index, { method, args, destination, bytes }] of contenders.entries()) {
      const usage = await measure(args, destination)
      const own = measured[index]
      own?.usages.push(usage)
      if (own !== undefined && bytes === null) own.bytes = reportedBytes(usage.stderr)
      printLines(`  round ${run}/${runs}  ${method.padEnd(16)} ${usage.seconds.toFixed(2)} s`)
    }
  }
  return measured
}

function reportedBytes(stderr: string): number {
  const report: { bytes: number } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '')
  return report.bytes
}

async function measureFlatness(
  database: TestDatabase,
  connector: Connector,
  results: readonly TableResult[],
): Promise<Flatness> {
  const mixed = results.find(({ table }) => table === MIXED.name)
  const rows = mixed?.rows ?? 0
  const longRows = rows * LONG_FACTOR
  await fillTable(database, LONG, longRows)
  const { seconds, peakRssBytes } = await measure(await connectorArgs(connector, LONG), 'null')
  const peak = mixed?.methods.find(({ method }) => method === 'connector')?.peakRssMegabytes ?? null
  const longPeak = peakRssBytes === null ? null : Math.round(peakRssBytes / 1e6)
  const rate = grouped(longRows / seconds)
  printLines(
    `${grouped(longRows)} rows: ${seconds.toFixed(2)} s, ${rate} rows/s, peak RSS ${longPeak} MB;`,
    `${grouped(rows)} rows: peak RSS ${peak} MB`,
  )
  return { rows, longRows, peakRssMegabytes: peak, longPeakRssMegabytes: longPeak }
}

async function save(report: Report): Promise<void> {
  const docs = `${CHECKOUT}docs/`
  await mkdir(docs, { recursive: true })
  const json = await format(JSON.stringify(report), { parser: 'json', printWidth: 100 })
  await writeFile(`${docs}bench-results.json`, json)
  await writeFile(
    `${docs}bench-results.svg`,
    barChart('Rows out of PostgreSQL', chartGroups(report.tables)),
  )
  printLines('', `Written: ${docs}bench-results.json and ${docs}bench-results.svg`)
}

function scriptPath(name: string): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url))
}
