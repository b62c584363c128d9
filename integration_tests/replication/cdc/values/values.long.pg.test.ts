import { expect } from 'chai'
import { requestedMajor } from '../../../helpers/binaries.ts'
import type { RecordMessage } from '../../../helpers/messages.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { lastState, sync } from '../sync.ts'

/** Long enough for TOAST, and not compressible. */
const LONG = `(SELECT string_agg(md5(i::text || random()::text), '') FROM generate_series(1, 400) AS i)`

/** Records of a second sync after `changes`, each of which is a transaction. */
async function changesOf(
  cdc: CdcDatabase,
  ...changes: readonly string[]
): Promise<{ first: readonly RecordMessage[]; second: readonly RecordMessage[] }> {
  const first = await sync(cdc)
  const state = lastState(first)
  for (const change of changes) await cdc.sql(change)
  const second = await sync(cdc, { state })
  lastState(second)
  return { first: first.records, second: second.records }
}

/** `data` without the change columns, with a mark for deletes. */
function shown(records: readonly RecordMessage[]): readonly unknown[] {
  return records.map(({ data }) =>
    data['_ab_cdc_deleted_at'] === null ? valuesOf(data) : { deleted: valuesOf(data) },
  )
}

describe('values that the log leaves out', () => {
  const table = `CREATE TABLE t (id int PRIMARY KEY, n int, body text, tags text[], raw bytea);
    INSERT INTO t SELECT i, i, ${LONG}, ARRAY[${LONG}], ${LONG}::bytea FROM generate_series(1, 3) AS i;`

  for (const identity of ['DEFAULT', 'FULL']) {
    it(`are read for an update that does not change long values, ${identity}`, async () => {
      await using cdc = await CdcDatabase.create(
        `${table} ALTER TABLE t REPLICA IDENTITY ${identity}`,
      )
      const { first, second } = await changesOf(
        cdc,
        'UPDATE t SET n = n + 10; UPDATE t SET id = 30 WHERE id = 3; DELETE FROM t WHERE id = 2',
      )
      const before = new Map(first.map(({ data }) => [data['id'], data]))
      const kept = second.filter(({ data }) => data['_ab_cdc_deleted_at'] === null)
      expect(kept.map(({ data }) => data['id'])).to.include.members([1, 3, 30])
      for (const { data, meta } of kept) {
        const { body, tags, raw } = data
        const old = before.get(data['id'] === 30 ? 3 : data['id'])
        // The row of an older key was deleted: its value is null and flagged in the record
        const isGone = identity === 'DEFAULT' && (data['id'] === 3 || data['id'] === 2)
        expect(body, String(data['id'])).to.equal(isGone ? null : old?.['body'])
        expect(tags).to.deep.equal(isGone ? null : old?.['tags'])
        expect(raw).to.equal(isGone ? null : old?.['raw'])
        const missing = ['body', 'tags', 'raw'].map((field) => ({
          field,
          change: 'NULLED',
          reason: 'SOURCE_RETRIEVAL_ERROR',
        }))
        expect(meta?.changes).to.deep.equal(isGone ? missing : undefined)
      }
      const rows = await cdc.sql('SELECT id, body FROM t ORDER BY id')
      const folded = fold([...first, ...second], 't')
      expect(folded.map(({ id, body }) => ({ id: String(id), body }))).to.have.deep.members(rows)
    })
  }

  it('are read under the new key for a key change of a row with long values', async () => {
    await using cdc = await CdcDatabase.create(table)
    const { first, second } = await changesOf(cdc, 'UPDATE t SET id = 30 WHERE id = 3')
    expect(second.map(({ data }) => [data['id'], data['body']])).to.deep.equal([
      [3, null],
      [30, first.find(({ data }) => data['id'] === 3)?.data['body']],
    ])
  })
})

describe('values of a key that has more columns now', () => {
  it('are null and flagged: a row is not fetched by a part of its key', async () => {
    await using cdc = await CdcDatabase.create(
      `CREATE TABLE t (a int, b int, n int, body text, PRIMARY KEY (a, b)); INSERT INTO t SELECT i, 1, 1, ${LONG} FROM generate_series(1, 2) AS i`,
    )
    const { second } = await changesOf(
      cdc,
      'UPDATE t SET n = 2 WHERE a = 1',
      'ALTER TABLE t DROP CONSTRAINT t_pkey, ADD c int DEFAULT 5, ADD PRIMARY KEY (a, c)',
    )
    expect(shown(second)).to.deep.equal([{ a: 1, b: 1, n: 2, body: null, c: null }])
    expect(second[0]?.meta?.changes).to.deep.include({
      field: 'body',
      change: 'NULLED',
      reason: 'SOURCE_RETRIEVAL_ERROR',
    })
  })
})

describe('deletes and key changes', () => {
  const row = `INSERT INTO t VALUES (1, 'a', 'b'), (2, 'c', 'd')`
  const table = `CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL UNIQUE, note text); ${row};`
  const changes = `DELETE FROM t WHERE id = 1; UPDATE t SET id = 20 WHERE id = 2; UPDATE t SET code = 'x' WHERE id = 20; UPDATE t SET note = 'n'`
  for (const [name, sql, expected] of [
    [
      'the primary key',
      table,
      [
        { deleted: { id: 1, code: null, note: null } },
        { deleted: { id: 2, code: null, note: null } },
        { id: 20, code: 'c', note: 'd' },
        { id: 20, code: 'x', note: 'd' },
        { id: 20, code: 'x', note: 'n' },
      ],
    ],
    [
      'an index',
      `${table} ALTER TABLE t REPLICA IDENTITY USING INDEX t_code_key;`,
      [
        { deleted: { id: null, code: 'a', note: null } },
        { id: 20, code: 'c', note: 'd' },
        { deleted: { id: null, code: 'c', note: null } },
        { id: 20, code: 'x', note: 'd' },
        { id: 20, code: 'x', note: 'n' },
      ],
    ],
    [
      'FULL',
      `${table} ALTER TABLE t REPLICA IDENTITY FULL;`,
      [
        { deleted: { id: 1, code: 'a', note: 'b' } },
        { deleted: { id: 2, code: 'c', note: 'd' } },
        { id: 20, code: 'c', note: 'd' },
        { id: 20, code: 'x', note: 'd' },
        { id: 20, code: 'x', note: 'n' },
      ],
    ],
  ] as const) {
    it(`by ${name}`, async () => {
      await using cdc = await CdcDatabase.create(sql)
      const { second } = await changesOf(cdc, changes)
      expect(shown(second)).to.deep.equal(expected)
    })
  }

  for (const [type, from, to] of [
    ['numeric', '1.0', '1.00'],
    ['float8', '-0', '0'],
    ['text', 'a', 'A'],
  ] as const) {
    it(`a ${type} key that changes from ${from} to ${to}: the row is newer than the delete, also if both are the same key`, async () => {
      await using cdc = await CdcDatabase.create(
        `CREATE TABLE t (id ${type} PRIMARY KEY); INSERT INTO t VALUES ('${from}')`,
      )
      const { first, second } = await changesOf(cdc, `UPDATE t SET id = '${to}'`)
      const lsns = [...first, ...second].map(({ data }) => Number(data['_ab_cdc_lsn']))
      const isDeleted = second.map(({ data }) => data['_ab_cdc_deleted_at'] !== null)
      expect(isDeleted).to.deep.equal([true, false])
      expect(lsns[0]).to.be.below(lsns[1]!)
      expect(lsns[1]).to.be.below(lsns[2]!)
    })
  }

  it('a replica identity that changes between two rows is used from then on', async () => {
    await using cdc = await CdcDatabase.create(table)
    const { second } = await changesOf(
      cdc,
      'ALTER TABLE t REPLICA IDENTITY FULL',
      'DELETE FROM t WHERE id = 1; ALTER TABLE t REPLICA IDENTITY DEFAULT; DELETE FROM t WHERE id = 2',
    )
    expect(shown(second)).to.deep.equal([
      { deleted: { id: 1, code: 'a', note: 'b' } },
      { deleted: { id: 2, code: null, note: null } },
    ])
  })
})

describe('DDL between rows', () => {
  it('reads columns that are added, dropped, renamed and retyped, and a renamed table', async () => {
    await using cdc = await CdcDatabase.create(
      `CREATE TABLE t (id int PRIMARY KEY, a text, b int); INSERT INTO t VALUES (1, 'a', 1)`,
    )
    const { second } = await changesOf(
      cdc,
      `INSERT INTO t VALUES (2, 'a', 2)`,
      'ALTER TABLE t ADD COLUMN c int DEFAULT 7',
      `INSERT INTO t VALUES (3, 'a', 3, 4); ALTER TABLE t ALTER COLUMN b TYPE bigint`,
      `INSERT INTO t VALUES (4, 'a', 5000000000, 4); ALTER TABLE t DROP COLUMN c`,
      'ALTER TABLE t RENAME TO u',
      `INSERT INTO u VALUES (5, 'a', 6)`,
      `ALTER TABLE u RENAME TO t; ALTER TABLE t ADD COLUMN d int; INSERT INTO t VALUES (6, 'a', 7, 8);
       ALTER TABLE t DROP COLUMN d; INSERT INTO t VALUES (7, 'a', 8)`,
    )
    expect(shown(second)).to.deep.equal([
      { id: 2, a: 'a', b: 2 },
      { id: 3, a: 'a', b: 3 },
      { id: 4, a: 'a', b: 5000000000 },
      { id: 5, a: 'a', b: 6 },
      { id: 6, a: 'a', b: 7 },
      { id: 7, a: 'a', b: 8 },
    ])
  })

  it('reads a table that was dropped and created again, by its name', async () => {
    await using cdc = await CdcDatabase.create('CREATE TABLE t (id int PRIMARY KEY)')
    const { second } = await changesOf(
      cdc,
      'INSERT INTO t VALUES (1); DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (2)',
    )
    expect(shown(second)).to.deep.equal([{ id: 2 }])
  })

  it('reads labels and types that were created after the last sync', async () => {
    await using cdc = await CdcDatabase.create(
      `CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE t (id int PRIMARY KEY, m mood)`,
    )
    const { second } = await changesOf(
      cdc,
      `ALTER TYPE mood ADD VALUE 'glad'`,
      `INSERT INTO t VALUES (1, 'glad')`,
      `CREATE TYPE next AS ENUM ('new'); ALTER TABLE t ALTER COLUMN m TYPE next USING 'new'; INSERT INTO t VALUES (2, 'new')`,
    )
    expect(shown(second)).to.deep.equal([
      { id: 1, m: 'glad' },
      { id: 2, m: 'new' },
    ])
  })

  it('logs a TRUNCATE, for which the protocol has no message', async () => {
    await using cdc = await CdcDatabase.create(
      'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)',
    )
    const state = lastState(await sync(cdc))
    await cdc.sql('TRUNCATE t; INSERT INTO t VALUES (2)')
    const run = await sync(cdc, { state })
    expect(shown(run.records)).to.deep.equal([{ id: 2 }])
    expect(
      run.logs.filter(({ level }) => level === 'WARN').map(({ message }) => message),
    ).to.deep.equal([
      "Table 'public.t' was truncated. The protocol has no message for it: the destination keeps the rows. Refresh the stream to remove them.",
    ])
  })
})

describe('what a publication leaves out', () => {
  if (requestedMajor() < 15) return

  it('a row filter also applies to the snapshot; a row that no longer matches it is a delete', async () => {
    await using cdc = await CdcDatabase.create(
      'CREATE TABLE t (id int PRIMARY KEY, n int); ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t VALUES (1, 1), (2, 20)',
      { publication: 'FOR TABLE t WHERE (n > 10)' },
    )
    const { first, second } = await changesOf(
      cdc,
      'UPDATE t SET n = 2 WHERE id = 2; UPDATE t SET n = 11 WHERE id = 1; INSERT INTO t VALUES (3, 3), (4, 40)',
    )
    expect(shown(first)).to.deep.equal([{ id: 2, n: 20 }])
    expect(shown(second)).to.deep.equal([
      { deleted: { id: 2, n: 20 } },
      { id: 1, n: 11 },
      { id: 4, n: 40 },
    ])
  })

  it('a column list also applies to the snapshot', async () => {
    await using cdc = await CdcDatabase.create(
      'CREATE TABLE t (id int PRIMARY KEY, a int, secret text); INSERT INTO t VALUES (1, 1, 1)',
      { publication: 'FOR TABLE t (id, a)' },
    )
    const { first, second } = await changesOf(cdc, 'INSERT INTO t VALUES (2, 2, 2)')
    expect(shown([...first, ...second])).to.deep.equal([
      { id: 1, a: 1 },
      { id: 2, a: 2 },
    ])
  })
})
