import { type Connector, type Run, withConnector } from '../integration_tests/helpers/connector.ts'
import type { TestDatabase } from '../integration_tests/helpers/database.ts'
import {
  configuredCatalog,
  type Json,
  lastStates,
  type RecordMessage,
  recordsOf,
} from '../integration_tests/helpers/messages.ts'
import { grouped, printLines, textTable } from '../integration_tests/helpers/report.ts'
import { fold } from '../integration_tests/replication/cdc/fold.ts'
import {
  expectCode,
  expectThat,
  showCommand,
  showConnectionStatus,
  showRecord,
} from './demo-output.ts'

const SLOT = 'demo_slot'
const PUBLICATION = 'demo_publication'
const SETUP = [
  `CREATE PUBLICATION ${PUBLICATION} FOR TABLE customers, orders`,
  `SELECT pg_create_logical_replication_slot('${SLOT}', 'pgoutput')`,
]
/** Each with a comment. */
const CHANGES: readonly (readonly [string, string])[] = [
  [
    "INSERT INTO orders (customer_id, status, total, items, updated_at) VALUES\n    (7, 'new', 49.90, '[]', now()), (8, 'new', 5, '[]', now())",
    'two new rows',
  ],
  ["UPDATE orders SET status = 'returned' WHERE id = 10", 'updated_at is not changed'],
  ['DELETE FROM orders WHERE id = 20', 'a deleted row'],
  ['UPDATE orders SET id = DEFAULT WHERE id = 30', 'a new key'],
  ['DELETE FROM orders WHERE id = (SELECT max(id) - 1 FROM orders)', 'one of the new rows'],
]
const SHOWN_COLUMNS = ['id', 'customer_id', 'status', 'total'] as const

/**
 * Second part: a first sync, changes of every kind, the sync that reads them, and one without
 * changes.
 */
export async function showChangeDataCapture(database: TestDatabase): Promise<void> {
  printLines(
    '',
    'Change data capture (CDC) reads the write-ahead log. It finds deletes, too, and',
    'needs no cursor. These statements prepare it:',
  )
  for (const statement of SETUP) await runStatement(database, statement)
  await using connector = await withConnector(
    database.config({
      replication_method: { method: 'CDC', replication_slot: SLOT, publication: PUBLICATION },
    }),
  )
  try {
    await showCheck(connector)
    await showSyncs(connector, database)
  } finally {
    await database.sql(`SELECT pg_drop_replication_slot('${SLOT}')`)
  }
}

async function showCheck(connector: Connector): Promise<void> {
  showCommand('CDC, test the config', 'check', '--config config-cdc.json')
  const run = await connector.check()
  showConnectionStatus(run)
  expectThat(run.connectionStatus?.status === 'SUCCEEDED', 'check in CDC mode must succeed')
}

async function showSyncs(connector: Connector, database: TestDatabase): Promise<void> {
  const streams = ['customers', 'orders']
  const catalog = configuredCatalog(await connector.catalog(), { syncMode: 'incremental', streams })
  const first = await showRead('CDC, first sync: all rows', connector, { catalog })
  printLines('', 'The first record of each stream:')
  for (const name of streams) showRecord(name, recordsOf(first.messages, name)[0])
  const before = fold(first.records, 'orders')
  await expectSame(database, first.records)

  printLines('', 'Rows are changed:')
  for (const [statement, note] of CHANGES) await runStatement(database, statement, note)
  const later = { catalog, state: lastStates(first.messages) }
  const second = await showRead('CDC, second sync: the changes', connector, later)
  printLines('', 'The records, in the order of the commits:')
  printLines(
    textTable(['change', ...SHOWN_COLUMNS, '_ab_cdc_lsn'], second.records.map(changeCells)),
  )
  showDestination(before, [...first.records, ...second.records])
  await expectSame(database, [...first.records, ...second.records])
  expectThat(second.records.some(isDelete), 'the second sync must bring deletes')

  const last = { catalog, state: lastStates(second.messages) }
  const third = await showRead('CDC, third sync: nothing has changed', connector, last)
  expectThat(third.records.length === 0, 'a sync without changes must have no records')
}

async function showRead(
  title: string,
  connector: Connector,
  input: { catalog: unknown; state?: unknown },
): Promise<Run> {
  const files = Object.keys(input).map((name) => `--${name} ${name}.json`)
  showCommand(title, 'read', '--config config-cdc.json', ...files)
  const startedMs = performance.now()
  const run = await connector.read(input)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  const deletes = run.records.filter(isDelete).length
  printLines(
    textTable(
      ['records', 'deletes', 'states', 'seconds'],
      [[grouped(run.records.length), `${deletes}`, `${run.states.length}`, seconds]],
    ),
  )
  expectCode(run, 0, 'read in CDC mode')
  return run
}

/** Shows the rows of a destination with one row per key: new, changed and deleted ones. */
function showDestination(before: readonly Json[], records: readonly RecordMessage[]): void {
  const after = fold(records, 'orders')
  const old = new Map(before.map((row) => [row['id'], row]))
  const present = new Set(after.map(({ id }) => id))
  const deleted = before.filter(({ id }) => !present.has(id))
  const changed = after.filter((row) => old.get(row['id']) !== row)
  const rows = [
    ...deleted.map((row) => ['–', ...cells(row)]),
    ...changed.map((row) => [old.has(row['id']) ? '±' : '+', ...cells(row)]),
  ]
  printLines(
    '',
    'What changes at a destination that keeps one row per key (+ new, ± changed, – deleted):',
  )
  printLines(textTable(['', ...SHOWN_COLUMNS], rows))
  printLines(`${grouped(before.length)} orders before, ${grouped(after.length)} now.`)
}

/** The destination must have exactly the rows of the table on the server. */
async function expectSame(
  database: TestDatabase,
  records: readonly RecordMessage[],
): Promise<void> {
  const rows = await database.sql('SELECT id, customer_id, status, total FROM orders')
  const actual = fold(records, 'orders').map((row) => cells(row).join())
  const expected = rows.map((row) => cells({ ...row, total: Number(row['total']) }).join())
  const isSame = actual.toSorted().join('\n') === expected.toSorted().join('\n')
  expectThat(isSame, 'the destination must have the rows of the table "orders"')
}

async function runStatement(database: TestDatabase, statement: string, note = ''): Promise<void> {
  if (note !== '') printLines(`  -- ${note}`)
  printLines(`  ${statement};`)
  await database.sql(statement)
}

function isDelete({ data }: RecordMessage): boolean {
  return data['_ab_cdc_deleted_at'] !== null
}

function changeCells(record: RecordMessage): string[] {
  const change = isDelete(record) ? 'delete' : 'insert or update'
  return [change, ...cells(record.data), cell(record.data['_ab_cdc_lsn'])]
}

function cells(row: Json): string[] {
  return SHOWN_COLUMNS.map((name) => cell(row[name]))
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
