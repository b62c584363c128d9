import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { format } from 'prettier'
import { CHECKOUT } from '../../integration_tests/helpers/checkout.ts'
import { TestDatabase } from '../../integration_tests/helpers/database.ts'
import { printLines } from '../../integration_tests/helpers/report.ts'
import { Server } from '../../integration_tests/helpers/server.ts'
import { Random } from '../../integration_tests/replication/soak/random.ts'
import { barChart } from '../chart.ts'
import { measure } from '../measure.ts'
import { parseOptions, positiveInteger } from '../options.ts'
import { type BenchTable, MIXED, NARROW, SETTINGS, WIDE, fillTable } from '../tables.ts'
import {
  type Column,
  type Sums,
  comparedColumns,
  countTuples,
  expectedSums,
  outputSums,
} from './check.ts'
import { run, sourcePath } from './environment.ts'
import { PEERS } from './list.ts'
import { type Command, type Installed, type Job, type Peer, Unavailable } from './peer.ts'
import {
  type Absence,
  type Result,
  type TableResults,
  type Usage,
  chartGroups,
  markdown,
} from './report.ts'

/*
 * Measures the connector and other programs in turns, on the same tables: `npm run bench:peers`.
 * Each program is installed into a separate directory, and its rows are compared with the table
 * before it is measured. `npm run bench:peers -- --rows 200000 --runs 1 --only duckdb --no-save`
 */
const TABLES = [MIXED, WIDE, NARROW]
const SLOW_SHARE = 0.1
const SLOW: BenchTable = { ...MIXED, name: 'bench_mixed_tenth', share: SLOW_SHARE }
const SECTION = /(?<=<!-- peers -->\n).*(?=<!-- end of peers -->)/s

/** A peer on one table. */
interface Contender {
  readonly peer: Peer
  readonly version: string
  readonly job: Job
  readonly command: Command
  readonly rows: number
  readonly usages: Usage[]
}

/** Installed programs, and what all runs share. */
interface Bench {
  readonly database: TestDatabase
  readonly options: ReturnType<typeof readOptions>
  readonly installed: ReadonlyMap<Peer, Installed>
  readonly absences: Absence[]
  readonly directory: string
}

await main()

async function main(): Promise<void> {
  const options = readOptions()
  const absences: Absence[] = []
  const installed = await installPeers(options.only, absences)
  await using server = await Server.start({ settings: SETTINGS })
  await using database = await TestDatabase.create(server)
  const directory = await mkdtemp(join(tmpdir(), 'bench-peers-'))
  try {
    const bench: Bench = { database, options, installed, absences, directory }
    const tables: TableResults[] = []
    for (const table of TABLES.filter(({ name }) => options.tables.test(name))) {
      tables.push(await measureTable(bench, table))
      await report(server.major, tables, bench)
    }
  } finally {
    await rm(directory, { recursive: true })
  }
}

function readOptions() {
  const values = parseOptions('npm run bench:peers: reads tables with other programs in turn.', {
    rows: { default: '2000000', describe: 'Rows of the mixed table' },
    runs: { default: '3', describe: 'Rounds' },
    limit: { default: '180', describe: 'Seconds after which a program is ended' },
    tables: { default: '', describe: 'Only tables whose name matches this pattern' },
    only: { default: '', describe: 'Only programs whose name matches this pattern' },
    save: { default: true, describe: 'Leave docs/benchmarks.md and the chart unchanged' },
  })
  return {
    rows: positiveInteger('rows', values.rows),
    runs: positiveInteger('runs', values.runs),
    limitSeconds: positiveInteger('limit', values.limit),
    tables: new RegExp(values.tables),
    only: new RegExp(values.only, 'i'),
    save: values.save,
  }
}

async function installPeers(only: RegExp, absences: Absence[]): Promise<Map<Peer, Installed>> {
  const installed = new Map<Peer, Installed>()
  for (const peer of PEERS.filter(({ name }) => only.test(name))) {
    printLines(`Installing ${peer.name} …`)
    await attempt(peer, absences, async () => installed.set(peer, await peer.install()))
  }
  return installed
}

async function measureTable(bench: Bench, table: BenchTable): Promise<TableResults> {
  const { database, options } = bench
  const rows = Math.round(options.rows * table.share)
  await fillTable(database, table, rows)
  const contenders = await prepare(bench, table, rows, false)
  if (table === MIXED) {
    const slowRows = Math.round(rows * SLOW_SHARE)
    await fillTable(database, SLOW, slowRows)
    contenders.push(...(await prepare(bench, SLOW, slowRows, true)))
  }
  const results = await race(bench, contenders)
  return { table: table.name, rows, columns: Object.keys(table.columns).length, results }
}

/** Returns the programs whose rows equal those of the table. */
async function prepare(
  bench: Bench,
  table: BenchTable,
  rows: number,
  isSlow: boolean,
): Promise<Contender[]> {
  const columns = await comparedColumns(bench.database, table.name)
  const expected = await expectedSums(bench.database, table.name, columns)
  const contenders: Contender[] = []
  for (const [peer, program] of bench.installed) {
    if ((peer.isSlow ?? false) !== isSlow) continue
    await attempt(peer, bench.absences, async () => {
      const job = await makeJob(bench, table)
      const command = await program.command(job)
      const contender = { peer, version: program.version, job, command, rows, usages: [] }
      const found = await readOnce(contender, columns, bench.options.limitSeconds)
      if (!matches(found, expected)) throw new Unavailable('It reads other rows than the server.')
      printLines(`  ${peer.name} (${peer.output}) reads the same as the server`)
      contenders.push(contender)
    })
  }
  return contenders
}

async function makeJob({ database, directory }: Bench, table: BenchTable): Promise<Job> {
  const scratch = await mkdtemp(join(directory, 'job-'))
  const connection = database.server.connectionConfig(database.name)
  const job = { connection, table, scratch, output: join(scratch, 'output') }
  await emptyOutput(job)
  return job
}

/** Reads the rows with a program without measuring it. */
async function readOnce(
  { peer, job, command }: Contender,
  columns: readonly Column[],
  limitSeconds: number,
): Promise<Sums> {
  const stdout = join(job.output, `${job.table.name}.stdout`)
  const limited = ['python3', sourcePath('usage.py'), String(limitSeconds), ...command]
  await run('/bin/sh', ['-c', 'exec "$@" > "$0"', stdout, ...limited])
  const sums =
    peer.output === 'COPY data'
      ? { rows: await countTuples(stdout) }
      : await outputSums(job.output, job.table.name, columns)
  await emptyOutput(job)
  return sums
}

function matches(found: Sums, expected: Sums): boolean {
  const isSame = Object.entries(found).every(([name, sum]) => sum === expected[name])
  if (!isSame) printLines(`Found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`)
  return isSame
}

/**
 * Round by round, so that a slow minute of the machine hits every program alike, and in another
 * order each time: a program writes its file faster after one that has just freed much memory.
 */
async function race(bench: Bench, contenders: readonly Contender[]): Promise<Result[]> {
  const { runs, limitSeconds } = bench.options
  const failed = new Set<Peer>()
  const random = new Random(runs)
  for (let round = 1; round <= runs; round++) {
    for (const { peer, job, command, usages } of random.shuffle(contenders)) {
      if (failed.has(peer)) continue
      const isMeasured = await attempt(peer, bench.absences, async () => {
        const args = [sourcePath('usage.py'), String(limitSeconds), ...command]
        const { stderr } = await measure(args, peer.destination, 'python3')
        await emptyOutput(job)
        const usage: Usage = JSON.parse(stderr.trim().split('\n').at(-1) ?? '')
        usages.push(usage)
        const figures = `${usage.seconds.toFixed(2)} s  ${usage.cpuSeconds.toFixed(2)} CPU s`
        printLines(`  round ${round}/${runs}  ${peer.name.padEnd(18)} ${peer.output}  ${figures}`)
      })
      if (!isMeasured) failed.add(peer)
    }
  }
  return contenders.filter(({ peer }) => !failed.has(peer))
}

async function emptyOutput({ output }: Job): Promise<void> {
  await rm(output, { recursive: true, force: true })
  await mkdir(output)
}

/** Measures a program; a program that cannot be installed or fails is reported. */
async function attempt(
  peer: Peer,
  absences: Absence[],
  action: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await action()
    return true
  } catch (error) {
    printLines(`${peer.name} (${peer.output}):`, String(error))
    absences.push({ name: `${peer.name} → ${peer.output}`, reason: reasonOf(error) })
    return false
  }
}

/** Returns the reason without commands and paths of this machine. */
function reasonOf(error: unknown): string {
  if (error instanceof Unavailable) return error.message
  const [timeout] = /not finished after \d+ s/.exec(String(error)) ?? []
  return timeout === undefined ? 'It failed.' : `It has ${timeout}.`
}

async function report(
  postgresql: number,
  tables: readonly TableResults[],
  { absences, options }: Bench,
): Promise<void> {
  const machine = `Medians of ${options.runs} rounds, PostgreSQL ${postgresql} and Node.js ${process.version.slice(1)} on ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}) that server and client share.`
  const section = markdown(machine, tables, absences)
  printLines('', section)
  if (!options.save) return
  const page = `${CHECKOUT}docs/benchmarks.md`
  const text = await readFile(page, 'utf8')
  const written = text.replace(
    SECTION,
    () => `\n${section}\n\n![Rows per second, beside other programs](peers-results.svg)\n\n`,
  )
  await writeFile(page, await format(written, { parser: 'markdown' }))
  const chart = `${CHECKOUT}docs/peers-results.svg`
  await writeFile(
    chart,
    barChart('Rows out of PostgreSQL, beside other programs', chartGroups(tables)),
  )
  printLines('', `Written: ${page} and ${chart}`)
}
