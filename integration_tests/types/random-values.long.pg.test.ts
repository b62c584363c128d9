import { Ajv } from 'ajv'
import { expect } from 'chai'
import { withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { type Catalog, configuredCatalog, type Message } from '../helpers/messages.ts'
import type { Row } from '../helpers/session.ts'
import { readTypes } from '../../src/introspection/types.ts'
import type { ReadTransaction } from '../../src/postgres/session/read-transaction.ts'
import { ident } from '../../src/sql.ts'
import type { TypeResolver } from '../../src/types/type-resolver.ts'
import { expectedJson } from './expected-json.ts'
import { lenientSchemas } from './lenient-schema.ts'
import { createRandomTables, type RandomTable, ROWS } from './random-tables.ts'
import { type RawRecord, rawRecord } from './raw-record.ts'
import { copyAll, inTransaction } from './transaction.ts'
import { FormComparison, type FormPair } from './two-forms.ts'

const SHOWN_DIFFERENCES = 20

describe('random values of every type of pg_type', () => {
  let db: TestDatabase
  let tables: RandomTable[]
  let catalog: Catalog
  let recordsByTable: ReadonlyMap<string, readonly Message[]>

  before(async () => {
    db = await TestDatabase.create()
    tables = await createRandomTables(db)
    await using connector = await withConnector(db.config())
    catalog = await connector.catalog()
    const run = await connector.read({ catalog: configuredCatalog(catalog) })
    expect(run.errors).to.deep.equal([])
    recordsByTable = groupByStream(run.messages)
  })

  after(async () => {
    await db[Symbol.asyncDispose]()
  })

  it('are read like SQL prints them', async () => {
    const differences: string[] = []
    let values = 0
    for (const table of tables) {
      const rows = await db.sql(`SELECT * FROM ${table.name}`)
      const byId = new Map(rows.map((row) => [row['id'], row]))
      const records = recordsByTable.get(table.name) ?? []
      expect(records.length).to.equal(ROWS)
      for (const message of records) {
        const record = rawRecord(message)
        const row = byId.get(record.values.get('id') ?? '') ?? {}
        differences.push(...differencesOf(table, row, record))
        values += table.columns.size
      }
    }
    expect(differences.slice(0, SHOWN_DIFFERENCES)).to.deep.equal([])
    expect(values).to.be.greaterThan(150 * ROWS)
  })

  it('are written to the same bytes from the binary and the text form of every type with both', async () => {
    const { differences, values, types } = await compareForms(db, tables)
    expect(differences.slice(0, SHOWN_DIFFERENCES)).to.deep.equal([])
    expect(types).to.include.members([
      'bigint',
      'numeric',
      'money',
      'jsonb',
      'timestamp with time zone',
      'mood',
      'interval',
      'inet',
      'bit varying',
      'tstzrange',
      'float_range',
      'polygon',
      'tsquery',
      'item[]',
      'order_line',
      'line_item',
      'list',
    ])
    expect(values).to.be.greaterThan(0.9 * ROWS * types.length)
  })

  it('are valid against the discovered schema', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false })
    for (const { name, json_schema: schema } of catalog.streams) {
      const isValid = ajv.compile({ type: 'object', properties: lenientSchemas(schema.properties) })
      for (const { record } of recordsByTable.get(name) ?? []) {
        expect(isValid(record?.data), ajv.errorsText(isValid.errors)).to.equal(true)
      }
    }
  })
})

interface FormResult {
  readonly differences: readonly string[]
  readonly values: number
  readonly types: readonly string[]
}

async function compareForms(db: TestDatabase, tables: readonly RandomTable[]): Promise<FormResult> {
  return await inTransaction(db, async (transaction) => {
    const oids = tables.flatMap(({ columns }) =>
      Array.from(columns.values(), ({ oid }) => Number(oid)),
    )
    const catalog = await readTypes(transaction, oids)
    const results: FormResult[] = []
    for (const table of tables) results.push(await compareTable(transaction, table, catalog))
    return {
      differences: results.flatMap(({ differences }) => differences),
      values: results.reduce((sum, { values }) => sum + values, 0),
      types: results.flatMap(({ types }) => types),
    }
  })
}

/** `format('%s')` prints with the output function, whatever casts a type has. */
async function compareTable(
  transaction: ReadTransaction,
  { name, columns }: RandomTable,
  catalog: TypeResolver,
): Promise<FormResult> {
  const pairs: FormPair[] = []
  const selected: string[] = []
  for (const [column, { oid, sql }] of columns) {
    const type = catalog.resolve(Number(oid), -1)
    const forms = [
      [type, catalog.select(Number(oid), ident(column))],
      [type.log, ident(column)],
    ] as const
    for (const [form, select] of forms) {
      if (form?.writeBinary === undefined) continue
      pairs.push({ name: sql, writeBinary: form.writeBinary, writeText: form.writeText })
      selected.push(
        select,
        `CASE WHEN ${ident(column)} IS NOT NULL THEN format('%s', ${select}) END`,
      )
    }
  }
  const comparison = new FormComparison(pairs)
  if (pairs.length > 0)
    await copyAll(transaction, [`SELECT ${selected.join(', ')} FROM ${name}`], comparison)
  const { differences, values } = comparison
  return { differences, values, types: pairs.map((pair) => pair.name) }
}

function differencesOf(table: RandomTable, row: Row, record: RawRecord): string[] {
  const differences: string[] = []
  const changes = new Set(record.changes)
  for (const [column, type] of table.columns) {
    const text = row[column] ?? null
    const expected = text === null ? null : expectedJson(type, text)
    const isFlagged = changes.has(`${column} NULLED SOURCE_SERIALIZATION_ERROR`)
    const actual = record.values.get(column)
    if (actual === (expected ?? 'null') && isFlagged === (text !== null && expected === null))
      continue
    differences.push(`${type.sql} ${text} → ${actual} (${isFlagged}), not ${expected}`)
  }
  return differences
}

function groupByStream(messages: readonly Message[]): Map<string, Message[]> {
  const groups = new Map<string, Message[]>()
  for (const message of messages) {
    const name = message.record?.stream
    if (name === undefined) continue
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [message])
    else group.push(message)
  }
  return groups
}
