import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseOptions, positiveInteger } from './options.ts'
import {
  type Connector,
  ENTRY_POINT,
  withConnector,
} from '../integration_tests/helpers/connector.ts'
import { TestDatabase } from '../integration_tests/helpers/database.ts'
import { configuredCatalog } from '../integration_tests/helpers/messages.ts'
import { grouped, median, printLines, textTable } from '../integration_tests/helpers/report.ts'
import { Server } from '../integration_tests/helpers/server.ts'
import { measure, readCpuSeconds, type Usage } from './measure.ts'
import { createTable, MIXED } from './tables.ts'

/*
 * Reads the same log with pg_recvlogical, with a raw drain in Node.js and with the connector, in
 * turn. Each run reads from its own slot, created before the log was written. `npm run bench:log --
 * --changes 1000000 --runs 5`. With `--single`, all changes are one transaction.
 */
const RECVLOGICAL = '/usr/bin/pg_recvlogical'
const TABLE = MIXED.name
/** Half of the changes are one transaction; the others are transactions of this size. */
const SMALL_TRANSACTION = 100
const SAMPLE_INTERVAL_MS = 20
const SETTINGS = {
  shared_buffers: '256MB',
  max_wal_size: '8GB',
  max_replication_slots: '100',
  max_wal_senders: '100',
  autovacuum: 'off',
}

interface Contender {
  readonly name: string
  readonly run: (slot: string) => Promise<Usage>
}

interface Measured extends Usage {
  /** CPU time of the walsender. */
  readonly senderSeconds: number
}

async function main(): Promise<void> {
  const values = parseOptions(
    'npm run bench:log: reads the same log with several programs in turn.',
    {
      changes: { default: '1000000', describe: 'Number of inserts' },
      runs: { default: '5', describe: 'Rounds' },
      single: { default: false, describe: 'Write all changes in one transaction' },
    },
  )
  const changes = positiveInteger('changes', values.changes)
  const runs = positiveInteger('runs', values.runs)
  await using server = await Server.start({ settings: SETTINGS })
  await using database = await TestDatabase.create(server)
  await database.sql(`${createTable(MIXED, 0)}; ALTER TABLE ${TABLE} ADD PRIMARY KEY (id)`)
  await database.sql('CREATE PUBLICATION p FOR ALL TABLES')
  const bench = new LogBench(database)
  await bench.prepare(runs)
  printLines(`Writing ${grouped(changes)} changes …`)
  const end = await write(database, changes, values.single ? changes : Math.floor(changes / 2))
  const contenders = bench.contenders(end)
  const measured = new Map<string, Measured[]>(contenders.map(({ name }) => [name, []]))
  for (let run = 0; run < runs; run++) {
    for (const { name, run: start } of contenders) {
      const usage = await bench.measure(`${bench.prefix}_${slug(name)}_${run}`, start)
      measured.get(name)?.push(usage)
      printLines(`  round ${run + 1}/${runs}  ${name.padEnd(16)} ${usage.seconds.toFixed(2)} s`)
    }
  }
  printLines('', show(measured, changes))
  await bench[Symbol.asyncDispose]()
}

/** Slots, states and commands of the contenders. */
class LogBench implements AsyncDisposable {
  readonly prefix = `bench_${randomBytes(3).toString('hex')}`
  readonly #database: TestDatabase
  readonly #connectors = new Map<string, { connector: Connector; args: readonly string[] }>()

  constructor(database: TestDatabase) {
    this.#database = database
  }

  /**
   * Creates a slot for each run of each contender. The connector's first sync reads an empty table.
   */
  async prepare(runs: number): Promise<void> {
    for (let run = 0; run < runs; run++) {
      for (const name of ['pg_recvlogical', 'raw drain', 'connector']) {
        const slot = `${this.prefix}_${slug(name)}_${run}`
        await this.#database.sql(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`)
        if (name === 'connector') await this.#firstSync(slot)
      }
    }
  }

  contenders(end: string): readonly Contender[] {
    const { host, port, user, password, database } = this.#database.server.connectionConfig(
      this.#database.name,
    )
    const target = `host=${host} port=${port} user=${user} password=${password} dbname=${database}`
    const options = ['proto_version=1', 'publication_names=p', 'binary=true', 'messages=true']
    const receive = (slot: string): string[] =>
      [
        '-d',
        target,
        '-S',
        slot,
        '--start',
        '--no-loop',
        '-f',
        '/dev/null',
        `--endpos=${end}`,
      ].concat(options.flatMap((option) => ['-o', option]))
    const drain = fileURLToPath(new URL('log-drain.js', import.meta.url))
    const config = JSON.stringify(this.#database.config())
    return [
      { name: 'pg_recvlogical', run: (slot) => measure(receive(slot), 'null', RECVLOGICAL) },
      { name: 'raw drain', run: (slot) => measure([drain, config, slot, end], 'null') },
      {
        name: 'connector',
        run: (slot) => measure([ENTRY_POINT, ...(this.#connectors.get(slot)?.args ?? [])], 'null'),
      },
    ]
  }

  async measure(slot: string, start: (slot: string) => Promise<Usage>): Promise<Measured> {
    const controller = new AbortController()
    const sampled = this.#senderSeconds(slot, controller.signal)
    const usage = await start(slot)
    controller.abort()
    return { ...usage, senderSeconds: await sampled }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { connector } of this.#connectors.values()) await connector[Symbol.asyncDispose]()
    await this.#database.sql('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots')
  }

  async #firstSync(slot: string): Promise<void> {
    const method = { method: 'CDC', replication_slot: slot, publication: 'p' }
    const connector = await withConnector(this.#database.config({ replication_method: method }))
    const catalog = configuredCatalog(await connector.catalog(), { syncMode: 'incremental' })
    const { states, errors } = await connector.read({ catalog })
    if (errors.length > 0) throw new Error(errors[0]?.message)
    const args = await connector.readArgs({ catalog, state: [states.at(-1)] })
    this.#connectors.set(slot, { connector, args })
  }

  async #senderSeconds(slot: string, signal: AbortSignal): Promise<number> {
    let pid: number | null = null
    let seconds = 0
    while (!signal.aborted) {
      if (pid === null) {
        const [row] = await this.#database.sql(
          `SELECT active_pid AS pid FROM pg_replication_slots WHERE slot_name = '${slot}'`,
        )
        const text = row?.['pid'] ?? null
        pid = text === null ? null : Number(text)
      } else seconds = readCpuSeconds(pid) ?? seconds
      await sleep(SAMPLE_INTERVAL_MS)
    }
    return seconds
  }
}

/** Writes the changes; the first `large` ones are one transaction. Returns the end of the log. */
async function write(database: TestDatabase, changes: number, large: number): Promise<string> {
  const columns = Object.values(MIXED.columns).join(', ')
  const insert = (from: number, to: number): string =>
    `INSERT INTO ${TABLE} SELECT ${columns} FROM generate_series(${from}::int8, ${to}::int8) AS n`
  await database.sql(insert(1, large))
  for (let from = large + 1; from <= changes; from += SMALL_TRANSACTION) {
    await database.sql(insert(from, Math.min(changes, from + SMALL_TRANSACTION - 1)))
  }
  await database.sql("SELECT pg_logical_emit_message(true, 'end', '')")
  await database.sql('CHECKPOINT')
  const [row] = await database.sql('SELECT pg_current_wal_lsn() AS lsn')
  return row?.['lsn'] ?? ''
}

function show(measured: ReadonlyMap<string, readonly Measured[]>, changes: number): string {
  const titles = [
    'how',
    's',
    'changes/s',
    'of recvlogical',
    'client CPU s',
    'sender CPU s',
    'RSS MB',
  ]
  const secondsOf = (name: string): number =>
    median((measured.get(name) ?? []).map(({ seconds }) => seconds))
  const rows = [...measured].map(([name, usages]) => [
    name,
    secondsOf(name).toFixed(2),
    grouped(changes / secondsOf(name)),
    `${Math.round((secondsOf('pg_recvlogical') / secondsOf(name)) * 100)}%`,
    median(usages.map(({ cpuSeconds }) => cpuSeconds ?? 0)).toFixed(2),
    median(usages.map(({ senderSeconds }) => senderSeconds)).toFixed(2),
    grouped(median(usages.map(({ peakRssBytes }) => (peakRssBytes ?? 0) / 1e6))),
  ])
  return textTable(titles, rows)
}

function slug(name: string): string {
  return name.replaceAll(' ', '_')
}

await main()
