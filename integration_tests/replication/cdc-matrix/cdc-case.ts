import { expect } from 'chai'
import { requestedMajor } from '../../helpers/binaries.ts'
import { type Run, withConnector } from '../../helpers/connector.ts'
import type { Json, RecordMessage } from '../../helpers/messages.ts'
import { CdcDatabase } from '../cdc/cdc-database.ts'
import { fold, valuesOf } from '../cdc/fold.ts'
import { type ConfiguredCatalog, incrementalCatalog, lastState } from '../cdc/sync.ts'

/** Builds a value that is stored out of line and not compressible. It starts with its name. */
const LONG_SQL = `CREATE FUNCTION long(name text) RETURNS text IMMUTABLE LANGUAGE sql
  AS $$ SELECT name || ':' || string_agg(md5(name || i), '' ORDER BY i) FROM generate_series(1, 200) AS i $$;`
const LONG_VALUE = /^(\w+):[0-9a-f]{1000,}$/
const WARNING_WORDS = /^(Stream|Table)/

/** A sync after the first one: the changes before it, and its records. */
interface Round {
  /** Each is a transaction. */
  readonly write: readonly string[]
  /**
   * Records in order: `+` or, for a delete, `-`, the stream, and the values by the columns of the
   * catalog. A long value is shown as its name and `…`, one that is null and flagged as `?`.
   */
  readonly read: readonly string[]
  /** WARN messages about streams and tables; default: none. */
  readonly warnings?: readonly string[]
  /** Whether the catalog is discovered again before the sync. */
  readonly isRefreshed?: boolean
}

/** Changes of tables that are read from the log, and the expected records. */
export interface CdcCase {
  readonly name: string
  /** First and last major version; default: all. */
  readonly majors?: readonly [number, number]
  readonly tables: string
  /** Default: all tables. */
  readonly publication?: string
  /** Default: all with incremental mode. */
  readonly streams?: readonly string[]
  /** Records of the first sync, in any order; default: not compared. */
  readonly loaded?: readonly string[]
  readonly rounds: readonly Round[]
  /**
   * Stream → query whose rows must equal the folded records at the end; default: the table. Null:
   * the destination differs from the table, for the reason in the name of the case.
   */
  readonly folds?: Readonly<Record<string, string | null>>
}

/** Compares the records of each sync with the changes, and the folded records with the tables. */
export function testCases(cases: readonly CdcCase[]): void {
  const major = requestedMajor()
  for (const each of cases) {
    const [first, last] = each.majors ?? [major, major]
    if (major >= first && major <= last) it(each.name, async () => await runCase(each))
  }
}

async function runCase({
  tables,
  publication,
  streams,
  loaded,
  rounds,
  folds,
}: CdcCase): Promise<void> {
  await using cdc = await CdcDatabase.create(`${LONG_SQL} ${tables}`, {
    ...(publication !== undefined && { publication }),
  })
  let catalog = await incrementalCatalog(cdc, streams)
  await using connector = await withConnector(cdc.config())
  let run = await connector.read({ catalog })
  let state = lastState(run)
  if (loaded !== undefined) expect(run.records.map(shown)).to.have.members(loaded)
  const records = [...run.records]
  for (const [index, { write, read, warnings, isRefreshed }] of rounds.entries()) {
    for (const transaction of write) await cdc.sql(transaction)
    if (isRefreshed === true) catalog = await incrementalCatalog(cdc, streams)
    run = await connector.read({ catalog, state: [state] })
    state = lastState(run)
    records.push(...run.records)
    expect(run.records.map(shown), `round ${index + 1}`).to.deep.equal(read)
    expect(warningsOf(run), `warnings of round ${index + 1}`).to.deep.equal(warnings ?? [])
  }
  await compare(cdc, catalog, { records, folds: folds ?? {} })
}

function shown({ stream, data, meta }: RecordMessage): string {
  const lost = new Set(meta?.changes?.map(({ field }) => field))
  const values = Object.entries(valuesOf(data)).map(([name, value]) => {
    if (lost.has(name)) return value === null ? '?' : value
    return typeof value === 'string' ? value.replace(LONG_VALUE, '$1…') : value
  })
  const sign = data['_ab_cdc_deleted_at'] === null ? '+' : '-'
  return `${sign}${stream} ${values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(' ')}`
}

function warningsOf({ logs }: Run): readonly string[] {
  const warnings = logs.filter(
    ({ level, message }) => level === 'WARN' && WARNING_WORDS.test(message),
  )
  return warnings.map(({ message }) => message)
}

async function compare(
  cdc: CdcDatabase,
  { streams }: ConfiguredCatalog,
  { records, folds }: { records: readonly RecordMessage[]; folds: NonNullable<CdcCase['folds']> },
): Promise<void> {
  expect(streams).to.not.deep.equal([])
  for (const { stream, primary_key: path = [] } of streams) {
    const { name, namespace } = stream
    const query = folds[name] === undefined ? `SELECT * FROM "${namespace}"."${name}"` : folds[name]
    if (query === null) continue
    const key = path.flat()
    const folded = fold(records, name, key).map(valuesOf)
    const keyOf = (row: Json): string => JSON.stringify(key.map((column) => row[column]))
    const rows = await cdc.sql(`SELECT to_json(r)::text AS row FROM (${query}) AS r`)
    const found = new Map(folded.map((row) => [keyOf(row), row]))
    const expected = rows
      .map(({ row }): Json => JSON.parse(row ?? ''))
      .map((row) => select(row, found.get(keyOf(row))))
    expect(folded, `${name} as a destination has it`).to.have.deep.members(expected)
  }
}

/** Values of a row for the columns in its record, by the catalog of its sync. */
function select(row: Json, record: Json = row): Json {
  return Object.fromEntries(Object.keys(record).map((name) => [name, row[name]]))
}
