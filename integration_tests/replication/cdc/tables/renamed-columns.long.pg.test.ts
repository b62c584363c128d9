import { expect } from 'chai'
import { requestedMajor } from '../../../helpers/binaries.ts'
import type { Run } from '../../../helpers/connector.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { lastState, sync } from '../sync.ts'

const LONG = `(SELECT string_agg(md5(i::text || random()::text), '') FROM generate_series(1, 400) AS i)`
const TABLE = `CREATE TABLE t (id int, name text, long text, other int, PRIMARY KEY (id));
  INSERT INTO t SELECT i, 'row ' || i, ${LONG}, i FROM generate_series(1, 6) AS i;`
/** Made before the columns are renamed. */
const CHANGES = `INSERT INTO t VALUES (7, 'inserted', ${LONG}, 7); UPDATE t SET name = 'changed' WHERE id = 1;
  UPDATE t SET id = 20 WHERE id = 2; DELETE FROM t WHERE id = 3; UPDATE t SET long = ${LONG}, id = 40 WHERE id = 4`

interface Case {
  readonly name: string
  readonly rename: string
  readonly key?: string
  readonly table?: string
  readonly publication?: string
  readonly since?: number
}

const CASES: readonly Case[] = [
  { name: 'the key', rename: 'ALTER TABLE t RENAME id TO ident', key: 'ident' },
  { name: 'a value', rename: 'ALTER TABLE t RENAME name TO title' },
  { name: 'a long value', rename: 'ALTER TABLE t RENAME long TO body' },
  {
    name: 'the last column, and one is added',
    rename: 'ALTER TABLE t RENAME other TO n; ALTER TABLE t ADD more int',
  },
  {
    name: 'the key, and a column is dropped',
    rename: 'ALTER TABLE t RENAME id TO ident; ALTER TABLE t DROP name',
    key: 'ident',
  },
  {
    name: 'the key under REPLICA IDENTITY FULL',
    table: `${TABLE} ALTER TABLE t REPLICA IDENTITY FULL;`,
    rename: 'ALTER TABLE t RENAME id TO ident',
    key: 'ident',
  },
  {
    name: 'the key of a partitioned table whose partition has other places',
    table: `CREATE TABLE t (dropped int, id int, name text, long text, other int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
      CREATE TABLE low (other int, long text, id int NOT NULL, name text);
      ALTER TABLE t DROP dropped; ALTER TABLE t ATTACH PARTITION low FOR VALUES FROM (0) TO (10);
      CREATE TABLE high PARTITION OF t FOR VALUES FROM (10) TO (100);
      INSERT INTO t SELECT i, 'row ' || i, ${LONG}, i FROM generate_series(1, 6) AS i;`,
    rename: 'ALTER TABLE t RENAME id TO ident; ALTER TABLE t RENAME name TO title',
    key: 'ident',
    since: 13,
  },
  {
    name: 'a value, with a column list',
    publication: 'FOR TABLE t (id, name, other)',
    rename: 'ALTER TABLE t RENAME other TO n',
    since: 15,
  },
]

/** Compares the values of all fields as text, cast by the server. */
async function expectFoldIsTable(
  cdc: CdcDatabase,
  runs: readonly Run[],
  key: string,
): Promise<void> {
  const records = runs.flatMap((run) => run.records)
  const folded = fold(records, 't', [key]).map(valuesOf)
  const fields = Object.keys(folded[0] ?? {})
  const rows = await cdc.sql(`SELECT ${fields.join(', ')} FROM t`)
  const textOf = (row: Readonly<Record<string, unknown>>): readonly string[] =>
    fields.map((field) => JSON.stringify(row[field] ?? null).replaceAll('"', ''))
  expect(folded.map(textOf)).to.have.deep.members(rows.map(textOf))
}

/** Returns the records with the current names of the columns. */
function renamedIn(run: Run, rename: string): Run {
  const renames = rename.matchAll(/RENAME (\w+) TO (\w+)/g)
  const names = new Map([...renames].map(([, from, to]) => [from!, to!]))
  const records = run.records.map((record) => {
    const entries = Object.entries(record.data)
    const data = Object.fromEntries(
      entries.map(([name, value]) => [names.get(name) ?? name, value]),
    )
    return { ...record, data }
  })
  return { ...run, records }
}

describe('columns that are renamed between a change and its sync', () => {
  for (const { name, rename, table = TABLE, key = 'id', since = 12, ...options } of CASES) {
    if (requestedMajor() < since) continue
    it(`have their values: ${name}`, async () => {
      await using cdc = await CdcDatabase.create(table, options)
      const first = await sync(cdc)
      for (const change of CHANGES.split(';')) await cdc.sql(change)
      await cdc.sql(rename)
      await cdc.sql(`UPDATE t SET ${key} = 50 WHERE ${key} = 5; DELETE FROM t WHERE ${key} = 6`)
      const second = await sync(cdc, { state: lastState(first) })
      lastState(second)
      const dropped = /DROP (\w+)/.exec(rename)?.[1]
      const before = renamedIn(first, rename)
      for (const { data } of before.records) if (dropped !== undefined) delete data[dropped]
      await expectFoldIsTable(cdc, [before, second], key)
      expect(second.logs.filter(({ level }) => level === 'WARN')).to.deep.equal([])
    })
  }

  it('have their values: renamed while the sync runs', async () => {
    await using cdc = await CdcDatabase.create(`CREATE TABLE t (id int PRIMARY KEY, name text);
      INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 6) AS i;
      CREATE PROCEDURE rename() LANGUAGE sql AS $$
        UPDATE t SET name = 'old name' WHERE id = 1;
        ALTER TABLE t RENAME id TO ident;
      $$;
      CREATE PROCEDURE change() LANGUAGE plpgsql AS $$
      BEGIN
        UPDATE t SET name = 'new name' WHERE ident = 2;
        DELETE FROM t WHERE ident = 3;
      END $$;`)
    const first = await sync(cdc)
    const method = { heartbeat_action_query: 'CALL rename(); CALL change()' }
    const second = await sync(cdc, { state: lastState(first), method })
    lastState(second)
    const folded = fold([...first.records, ...second.records], 't')
    expect(folded.map(({ id, name }) => [id, name])).to.have.deep.members([
      [1, 'old name'],
      [2, 'new name'],
      ...[4, 5, 6].map((id) => [id, `row ${id}`]),
    ])
  })

  it('a long value that is renamed before it is fetched: the sync is tried again', async () => {
    await using cdc = await CdcDatabase.create(
      `CREATE TABLE t (id int PRIMARY KEY, n int, body text); INSERT INTO t SELECT 1, 1, ${LONG}`,
    )
    const state = lastState(await sync(cdc))
    await cdc.sql('UPDATE t SET n = 2')
    // Runs between the plan of the streams and the log
    const method = { heartbeat_action_query: 'ALTER TABLE t RENAME body TO content' }
    const { errors, records, logs } = await sync(cdc, { state, method })
    expect(errors).to.deep.equal([])
    // The catalog has the earlier name, which the table has no more
    expect(records.map(({ data }) => valuesOf(data))).to.deep.equal([{ id: 1, n: 2, body: null }])
    const warnings = logs.filter(({ level }) => level === 'WARN').map(({ message }) => message)
    expect(warnings.join()).to.include(
      'A table was altered while its log was read. Run the sync again.',
    )
  })

  it('a column that may have had another name causes a WARN', async () => {
    await using cdc = await CdcDatabase.create(TABLE)
    const state = lastState(await sync(cdc))
    await cdc.sql('UPDATE t SET other = 100 WHERE id = 1')
    await cdc.sql('ALTER TABLE t DROP other; ALTER TABLE t ADD another int')
    const { logs } = await sync(cdc, { state })
    expect(
      logs.filter(({ level }) => level === 'WARN').map(({ message }) => message),
    ).to.deep.equal([
      "Stream 'public.t': columns of its table were dropped or renamed. Changes from before that have no value for 'another'. Refresh the stream.",
    ])
  })
})
