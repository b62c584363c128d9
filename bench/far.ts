import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { closeSync, openSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseOptions } from './options.ts'
import { ENTRY_POINT, runConnector } from '../integration_tests/helpers/connector.ts'
import { createMany } from '../integration_tests/helpers/create-many.ts'
import { TestDatabase } from '../integration_tests/helpers/database.ts'
import {
  configuredCatalog,
  lastStates,
  parseMessage,
} from '../integration_tests/helpers/messages.ts'
import { grouped, printLines, textTable } from '../integration_tests/helpers/report.ts'
import { Server } from '../integration_tests/helpers/server.ts'
import { DelayProxy } from '../integration_tests/helpers/delay-proxy.ts'

/*
 * Many small tables on a distant server: the duration of a sync and its number of round trips, with
 * a round-trip time of 20 ms and on loopback. `npm run bench:far -- --tables 300 --idle 2000
 * --entry <another dist/main.js>`
 */
const ROUND_TRIP_MS = 20
const ROWS = 50

/** Figures of a command. */
interface Figures {
  readonly seconds: number
  readonly roundTrips: number
  readonly connections: number
}

/** The connector behind a proxy, with its input and output files in a directory. */
class FarConnector {
  readonly #database: TestDatabase
  readonly #directory: string
  readonly #entry: string
  readonly #tables: number

  constructor(
    database: TestDatabase,
    directory: string,
    options: { entry: string; tables: number },
  ) {
    this.#database = database
    this.#directory = directory
    this.#entry = options.entry
    this.#tables = options.tables
  }

  /** Runs every command of the part, each on new connections. */
  async runAll(roundTripMs: number): Promise<string[][]> {
    const full = await this.#write('full.json', await this.#catalog('full_refresh'))
    const incremental = await this.#write('incremental.json', await this.#catalog('incremental'))
    const state = join(this.#directory, 'state.json')
    const commands: readonly (readonly [string, readonly string[]])[] = [
      ['check', ['check']],
      ['discover', ['discover']],
      ['full refresh', ['read', '--catalog', full]],
      ['first incremental', ['read', '--catalog', incremental]],
      ['idle incremental', ['read', '--catalog', incremental, '--state', state]],
    ]
    const rows: string[][] = []
    for (const [what, args] of commands) {
      const { seconds, roundTrips, connections } = await this.#run(args, roundTripMs)
      const output = await this.#messages()
      if (what === 'first incremental') await writeFile(state, JSON.stringify(lastStates(output)))
      const records = output.filter(({ record }) => record !== undefined).length
      const figures = [
        seconds.toFixed(2),
        grouped(roundTrips),
        grouped(connections),
        grouped(records),
      ]
      rows.push([`${roundTripMs} ms`, grouped(this.#tables), what, ...figures])
    }
    return rows
  }

  async #run([command = '', ...rest]: readonly string[], roundTripMs: number): Promise<Figures> {
    await using proxy = await DelayProxy.start(this.#database.server.port, roundTripMs)
    const config = await this.#write('config.json', this.#database.config({ port: proxy.port }))
    const args = [this.#entry, command, '--config', config, ...rest]
    const stdout = openSync(this.#output, 'w')
    const startedMs = performance.now()
    const child = spawn(process.execPath, args, { stdio: ['ignore', stdout, 'inherit'] })
    closeSync(stdout)
    await once(child, 'exit')
    const seconds = (performance.now() - startedMs) / 1000
    if (child.exitCode !== 0) throw new Error(`${command} failed: see ${this.#output}`)
    return { seconds, roundTrips: proxy.roundTrips, connections: proxy.connections }
  }

  async #catalog(syncMode: 'full_refresh' | 'incremental'): Promise<unknown> {
    const config = await this.#write('config.json', this.#database.config())
    const { catalog } = await runConnector(['discover', '--config', config])
    if (catalog === null) throw new Error('discover gave no catalog')
    return configuredCatalog(catalog, { syncMode, cursorField: ['id'] })
  }

  async #messages() {
    const lines = (await readFile(this.#output, 'utf8')).trimEnd().split('\n')
    return lines.map(parseMessage)
  }

  async #write(name: string, content: unknown): Promise<string> {
    const path = join(this.#directory, name)
    await writeFile(path, JSON.stringify(content))
    return path
  }

  get #output(): string {
    return join(this.#directory, 'output.jsonl')
  }
}

async function main(): Promise<void> {
  const title =
    'npm run bench:far: reads many small tables with a round trip of 20 ms, and on loopback.'
  const values = parseOptions(title, {
    tables: { default: '300', describe: 'Number of tables of the first part; 0 leaves it out' },
    idle: { default: '2000', describe: 'Number of tables of the second part; 0 leaves it out' },
    entry: { default: '', describe: 'Another dist/main.js to measure' },
  })
  await using server = await Server.start({ settings: { max_locks_per_transaction: '256' } })
  const directory = await mkdtemp(join(tmpdir(), 'bench-far-'))
  const results: string[][] = []
  try {
    for (const tables of [Number(values.tables), Number(values.idle)].filter(
      (count) => count > 0,
    )) {
      await using database = await TestDatabase.create(server)
      printLines(`Creating ${grouped(tables)} tables of ${ROWS} rows …`)
      const create = `'CREATE TABLE t_%1$s (id int8 PRIMARY KEY, name text, price numeric, changed timestamptz);
        INSERT INTO t_%1$s SELECT n, repeat(''x'', 40), n * 1.5, now() FROM generate_series(1, ${ROWS}) AS n', i`
      await createMany(database, tables, create, 50)
      await database.sql('VACUUM ANALYZE')
      const connector = new FarConnector(database, directory, {
        entry: values.entry || ENTRY_POINT,
        tables,
      })
      for (const roundTripMs of [ROUND_TRIP_MS, 0]) {
        results.push(...(await connector.runAll(roundTripMs)))
      }
    }
  } finally {
    await rm(directory, { recursive: true })
  }
  const titles = [
    'round trip',
    'tables',
    'command',
    'seconds',
    'round trips',
    'connections',
    'records',
  ]
  printLines('', textTable(titles, results))
}

await main()
