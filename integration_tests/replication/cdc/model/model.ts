import { ENTRY_POINT, withConnector } from '../../../helpers/connector.ts'
import type { RecordMessage, StateMessage } from '../../../helpers/messages.ts'
import type { Session } from '../../../helpers/session.ts'
import type { Random } from '../../soak/random.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { incrementalCatalog } from '../sync.ts'

/** Options of a model run. */
export interface ModelOptions {
  readonly rounds: number
  /** Share of the syncs that are killed or lose their connection. */
  readonly disturbed: number
}

/** Result of a model run. */
export interface ModelReport {
  kills: number
  cuts: number
  records: number
  /** Number of records that were delivered before, equal in every field. */
  repeats: number
  /** Rows in which the folded records and the tables differ. */
  readonly differences: string[]
}

const WRITERS = 3
const MAX_ID = 60
const TABLES = [
  { name: 'plain', key: ['id'] },
  { name: 'whole', key: ['id'] },
  { name: 'pairs', key: ['a', 'b'] },
  { name: 'parted', key: ['id'] },
  { name: 'named', key: ['id'] },
] as const
const SETUP = `
CREATE TABLE plain (id int PRIMARY KEY, n int, body text);
CREATE TABLE whole (id int PRIMARY KEY, n int, body text); ALTER TABLE whole REPLICA IDENTITY FULL;
CREATE TABLE pairs (b int, n int, a int, body text, PRIMARY KEY (a, b));
CREATE TABLE parted (id int PRIMARY KEY, n int, body text) PARTITION BY RANGE (id);
CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (30);
CREATE TABLE parted_high (body text, n int, id int PRIMARY KEY);
ALTER TABLE parted ATTACH PARTITION parted_high FOR VALUES FROM (30) TO (1000);
CREATE TABLE named (id text PRIMARY KEY, n int, body text);
ALTER TABLE plain ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE whole ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE pairs ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE parted_low ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE named ALTER COLUMN body SET STORAGE EXTERNAL;
INSERT INTO plain SELECT i, 0, repeat(i::text, 2000) FROM generate_series(1, ${MAX_ID}, 2) AS i;
INSERT INTO parted SELECT i, 0, 'first' FROM generate_series(1, ${MAX_ID}, 3) AS i;`

/**
 * Runs random transactions of several writers, with savepoints, rollbacks, two-phase commits, key
 * changes, long values and DDL, while syncs run, are killed and lose their connection. At the end,
 * the records must fold to the tables.
 */
export async function runModel(random: Random, options: ModelOptions): Promise<ModelReport> {
  await using cdc = await CdcDatabase.create(SETUP)
  const catalog = await incrementalCatalog(
    cdc,
    TABLES.map(({ name }) => name),
  )
  const records: RecordMessage[] = []
  const report: ModelReport = { kills: 0, cuts: 0, records: 0, repeats: 0, differences: [] }
  const sync = new ModelSync(cdc, { catalog, records, report })
  const writers = await Promise.all(Array.from({ length: WRITERS }, () => cdc.db.session()))
  for (let round = 0; round < options.rounds; round++) {
    const isDisturbed = random.chance(options.disturbed)
    const after = isDisturbed ? 1 + random.below(50) : null
    const writing = writers.map((session, index) => write(session, cdc, { random, index }))
    await Promise.all([sync.run(after, random.chance(0.5)), ...writing])
  }
  for (const session of writers) await session[Symbol.asyncDispose]()
  await sync.run(null, false)
  await compare(cdc, records, report)
  return report
}

interface Collected {
  readonly catalog: unknown
  readonly records: RecordMessage[]
  readonly report: ModelReport
}

class ModelSync {
  readonly #cdc: CdcDatabase
  readonly #collected: Collected
  #state: StateMessage | null = null

  constructor(cdc: CdcDatabase, collected: Collected) {
    this.#cdc = cdc
    this.#collected = collected
  }

  /**
   * @param after the sync is killed, or its walsender terminated, after this many messages; null:
   * neither.
   */
  async run(after: number | null, isCut: boolean): Promise<void> {
    const { catalog, records, report } = this.#collected
    const config = this.#cdc.config({}, { batch_size: 7 })
    await using connector = await withConnector(config)
    const state = this.#state === null ? {} : { state: [this.#state] }
    await using run = await connector.startRead({ catalog, ...state })
    let seen = 0
    for await (const { record, state: reached } of run.messages()) {
      if (record !== undefined) records.push(record)
      if (reached !== undefined) this.#state = reached
      if (++seen !== after) continue
      if (isCut) report.cuts++
      else report.kills++
      if (isCut) await this.#cut()
      else run.process.kill('SIGKILL')
    }
    const { code, signal, stderr } = await run.ended
    if (code !== 0 && signal !== 'SIGKILL') throw new Error(`${ENTRY_POINT} failed: ${stderr}`)
  }

  async #cut(): Promise<void> {
    await this.#cdc.sql(
      `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '${this.#cdc.slot}' AND active`,
    )
  }
}

/**
 * Runs some transactions of one writer. One that violates a constraint or deadlocks is rolled back.
 */
async function write(
  session: Session,
  cdc: CdcDatabase,
  { random, index }: { random: Random; index: number },
): Promise<void> {
  for (let left = 3 + random.below(12); left > 0; left--) {
    const statements = Array.from({ length: 1 + random.below(6) }, () => statement(random))
    const body = random.chance(0.3)
      ? [
          'SAVEPOINT s',
          ...statements,
          random.chance(0.5) ? 'ROLLBACK TO SAVEPOINT s' : 'RELEASE s',
          statement(random),
        ]
      : statements
    const gid = `${cdc.slot}_${index}`
    const isPrepared = random.chance(0.15)
    const isRolledBack = random.chance(0.1)
    try {
      await session.sql('BEGIN')
      for (const sql of body) await session.sql(sql)
      if (isPrepared) await session.sql(`PREPARE TRANSACTION '${gid}'`)
      const end = isRolledBack ? 'ROLLBACK' : 'COMMIT'
      await session.sql(isPrepared ? `${end} PREPARED '${gid}'` : end)
    } catch {
      await session.sql('ROLLBACK')
    }
  }
}

function statement(random: Random): string {
  const { name, key } = random.pick(TABLES)
  const [column] = key
  const number = 1 + random.below(MAX_ID)
  const other = 1 + random.below(MAX_ID)
  const id = name === 'named' ? `'é ${number}'` : number
  const otherId = name === 'named' ? `'é ${other}'` : other
  const where = `WHERE ${column} = ${id}`
  const long = `repeat(md5('${number}${other}'), ${1 + random.below(100)})`
  const values =
    name === 'pairs' ? `(a, b, n, body) VALUES (${id}, ${other}` : `(id, n, body) VALUES (${id}`
  return random.pick([
    `INSERT INTO ${name} ${values}, ${other}, ${long}) ON CONFLICT DO NOTHING`,
    `INSERT INTO ${name} ${values}, ${other}, ${long}) ON CONFLICT DO NOTHING`,
    `UPDATE ${name} SET n = coalesce(n, 0) + 1 ${where}`,
    `UPDATE ${name} SET n = coalesce(n, 0) + 1 ${where}`,
    `UPDATE ${name} SET body = ${long} ${where}`,
    `UPDATE ${name} SET body = NULL ${where}`,
    `DELETE FROM ${name} ${where}`,
    `UPDATE ${name} SET ${column} = ${otherId} ${where}`,
    random.chance(0.3)
      ? `ALTER TABLE plain ADD COLUMN IF NOT EXISTS extra int DEFAULT 1`
      : 'SELECT 1',
    random.chance(0.3) ? `ALTER TABLE plain DROP COLUMN IF EXISTS extra` : 'SELECT 1',
  ])
}

async function compare(
  cdc: CdcDatabase,
  records: readonly RecordMessage[],
  report: ModelReport,
): Promise<void> {
  const lines = records.map(({ stream, data }) => JSON.stringify([stream, data]))
  report.records = records.length
  report.repeats = lines.length - new Set(lines).size
  for (const { name, key } of TABLES) {
    const columns = [...new Set([...key, 'n', 'body'])]
    const rows = await cdc.sql(
      `SELECT to_json(r)::text AS row FROM (SELECT ${columns.join(', ')} FROM ${name}) AS r`,
    )
    const table = new Set(rows.map(({ row }) => shape(JSON.parse(row ?? ''), columns)))
    const folded = new Set(fold(records, name, key).map((data) => shape(valuesOf(data), columns)))
    for (const row of table) if (!folded.has(row)) report.differences.push(`${name} lacks ${row}`)
    for (const row of folded) if (!table.has(row)) report.differences.push(`${name} has ${row}`)
  }
}

function shape(row: Readonly<Record<string, unknown>>, columns: readonly string[]): string {
  return JSON.stringify(columns.map((name) => row[name]))
}
