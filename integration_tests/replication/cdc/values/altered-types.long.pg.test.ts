import { expect } from 'chai'
import { literal } from '../../../../src/sql.ts'
import type { RecordMessage } from '../../../helpers/messages.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { lastState, sync } from '../sync.ts'

/** Records of the changes before and after `alter`, without a sync in between. */
async function recordsOver(
  table: string,
  { before, alter, after = '' }: Readonly<Record<'before' | 'alter', string>> & { after?: string },
) {
  await using cdc = await CdcDatabase.create(table)
  const state = lastState(await sync(cdc))
  for (const sql of [before, alter, after]) await cdc.sql(sql)
  const run = await sync(cdc, { state })
  lastState(run)
  return run.records
}

/**
 * Column types before and after, a value, and the value in the record of the earlier type: that of
 * the table now.
 */
const CASES = [
  { from: 'int', to: 'bigint', value: '5', expected: 5 },
  { from: 'int', to: 'numeric(12,2)', value: '5', expected: 5 },
  { from: 'int', to: 'text', value: '-5', expected: '-5' },
  { from: 'numeric(10,2)', to: 'text', value: '1.50', expected: '1.50' },
  { from: 'numeric(10,2)', to: 'numeric(10,0)', value: '2.50', expected: 3 },
  { from: 'numeric(10,2)', to: 'numeric(12,4)', value: '2.50', expected: 2.5 },
  { from: 'float8', to: 'text', value: 'NaN', expected: 'NaN' },
  { from: 'bool', to: 'text', value: 'true', expected: 'true' },
  { from: 'varchar(5)', to: 'text', value: 'a"b', expected: 'a"b' },
  { from: 'text', to: 'varchar(5)', value: 'ab', expected: 'ab' },
  { from: 'uuid', to: 'text', value: '00000000-0000-0000-0000-000000000001' },
  { from: 'text', to: 'int', using: 'length(v)', value: 'abc', expected: 3 },
  { from: 'text', to: 'bool', using: "v = 'oui'", value: 'oui', expected: true },
  { from: 'text', to: 'date', using: 'v::date', value: '2020-1-31', expected: '2020-01-31' },
  { from: 'date', to: 'timestamp', value: '2020-01-31', expected: '2020-01-31T00:00:00.000000' },
  { from: 'int', to: 'int[]', using: 'ARRAY[v]', value: '7', expected: [7] },
  { from: 'text[]', to: 'text', using: 'v[1]', value: '{a,b}', expected: 'a' },
]

describe('a column whose type was altered after the change', () => {
  let record: RecordMessage
  let nulls: RecordMessage
  before(async () => {
    const columns = CASES.map(({ from }, index) => `c${index} ${from}`)
    const values = CASES.map(({ value }) => literal(value))
    const alter = CASES.map(({ to, using }, index) => {
      const column = `c${index}`
      return `ALTER ${column} TYPE ${to} USING ${using?.replaceAll('v', column) ?? `${column}::${to}`}`
    })
    const records = await recordsOver(`CREATE TABLE t (id int PRIMARY KEY, ${columns.join()})`, {
      before: `INSERT INTO t VALUES (1, ${values.join()}); INSERT INTO t VALUES (2)`,
      alter: `ALTER TABLE t ${alter.join()}`,
    })
    ;[record, nulls] = [records[0]!, records[1]!]
  })

  for (const [index, { from, to, value, expected = value }] of CASES.entries()) {
    it(`from ${from} to ${to}: the record has the value in the current type`, () => {
      expect(record.data[`c${index}`]).to.deep.equal(expected)
      expect(nulls.data[`c${index}`]).to.equal(null)
    })
  }

  it('is not flagged', () => {
    expect(record.meta).to.equal(undefined)
    expect(nulls.meta).to.equal(undefined)
  })

  it('whose value is not exact and whose row was deleted: null, with an entry in meta.changes', async () => {
    const records = await recordsOver(
      'CREATE TABLE t (id int PRIMARY KEY, v text); ALTER TABLE t REPLICA IDENTITY FULL',
      {
        before: "INSERT INTO t VALUES (1, 'a'); DELETE FROM t",
        alter: 'ALTER TABLE t ALTER v TYPE int USING length(v)',
        after: 'INSERT INTO t VALUES (2, 3)',
      },
    )
    const flagged = [{ field: 'v', change: 'NULLED', reason: 'SOURCE_RETRIEVAL_ERROR' }]
    expect(records.map(({ data, meta }) => [data['v'], meta?.changes])).to.deep.equal([
      [null, flagged],
      [null, flagged],
      [3, undefined],
    ])
  })

  for (const { from, to, value, expected } of [
    { from: 'int', to: 'text', value: '5', expected: '5' },
    { from: 'text', to: 'bigint', value: '5', expected: 5 },
    { from: 'numeric', to: 'bigint', value: '5.00', expected: 5 },
    { from: 'text', to: 'numeric', value: '1.50', expected: 1.5 },
  ]) {
    it(`which is the key, from ${from} to ${to}: a delete has the key in the current type`, async () => {
      const records = await recordsOver(
        `CREATE TABLE t (id ${from} PRIMARY KEY, n int); INSERT INTO t VALUES ('${value}', 1)`,
        {
          before: 'UPDATE t SET n = 2; DELETE FROM t',
          alter: `ALTER TABLE t ALTER id TYPE ${to} USING id::${to}`,
        },
      )
      expect(records.map(({ data }) => data['id'])).to.deep.equal([expected, expected])
      expect(records[1]?.data['_ab_cdc_deleted_at']).to.be.a('string')
    })
  }

  for (const [from, to, value] of [
    ['int[]', 'text', 'hello'],
    ['timestamp', 'text', 'hello'],
    ['text[]', 'hstore', '"a"=>"1"'],
  ] as const) {
    it(`during the sync, from ${from} to ${to}: the sync is tried again`, async () => {
      await using cdc = await CdcDatabase.create(
        `CREATE EXTENSION hstore; CREATE TABLE t (id int PRIMARY KEY, v ${from})`,
      )
      const state = lastState(await sync(cdc))
      // Runs between the plan of the streams and the log
      const alter = `ALTER TABLE t ALTER v TYPE ${to} USING NULL; INSERT INTO t VALUES (1, '${value}')`
      const run = await sync(cdc, { state, method: { heartbeat_action_query: alter } })
      lastState(run)
      const [row] = await cdc.sql('SELECT v FROM t')
      const expected = to === 'hstore' ? '{"a":"1"}' : row?.['v']
      expect(run.records.map(({ data }) => data['v'])).to.deep.equal([expected])
    })
  }
})
