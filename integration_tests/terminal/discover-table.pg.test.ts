import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ENTRY_POINT, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'

const run = promisify(execFile)

describe('discover --table', () => {
  it('prints the streams with their columns, and nothing else to stdout', async () => {
    await using database = await TestDatabase.create()
    await database.sql(`
      CREATE TABLE orders (id int8, place int2, total numeric(12,2), at timestamptz NOT NULL, doc json, tags text[],
                           PRIMARY KEY (place, id));
      INSERT INTO orders SELECT n, 1, n, now(), '{}', '{}' FROM generate_series(1, 1200) AS n;
      CREATE VIEW latest AS SELECT max(at) AS at FROM orders;
      CREATE TABLE events (id int) PARTITION BY RANGE (id);
      CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (10);
      ANALYZE`)
    await using connector = await withConnector(database.config())
    const args = [ENTRY_POINT, 'discover', '--config', connector.configFile, '--table']
    const { stdout, stderr } = await run(process.execPath, args)
    expect(stderr).to.equal('')
    expect(stdout).to.match(
      /^public\.orders {2}table {2}\(about 1,200 rows, [\d.]+ kB; full_refresh, incremental\)$/m,
    )
    expect(stdout.split('\n').map((line) => line.trim().split(/\s{2,}/))).to.deep.include.members([
      ['column', 'type', 'in records', 'nullable', 'key', 'cursor'],
      ['id', 'int8', 'integer', 'no', '2', 'yes'],
      ['place', 'int2', 'integer', 'no', '1', 'yes'],
      ['total', 'numeric', 'number', 'yes', 'yes'],
      ['at', 'timestamptz', 'string date-time', 'no', 'yes'],
      ['doc', 'json', 'string', 'yes', 'no'],
      ['tags', 'text[]', 'array', 'yes', 'no'],
    ])
    expect(stdout).to.include('public.latest  view  (full_refresh, incremental)')
    expect(stdout).to.match(/^public\.events {2}partitioned table {2}/m)
    expect(stdout).to.match(/^public\.events_1 {2}table, a partition {2}/m)
  })

  it('aligns names by the width that a terminal shows', async () => {
    await using database = await TestDatabase.create()
    await database.sql(
      String.raw`CREATE TABLE t ("漢字の名前" int, "한글" int, "ｶﾅ" int, "👍🏽" int, U&"e\0301" int)`,
    )
    await using connector = await withConnector(database.config())
    const args = [ENTRY_POINT, 'discover', '--config', connector.configFile, '--table']
    const { stdout } = await run(process.execPath, args)
    expect(stdout.split('\n').slice(1, -1)).to.deep.equal([
      '  column      type  in records  nullable  key  cursor',
      '  漢字の名前  int4  integer     yes            yes',
      '  한글        int4  integer     yes            yes',
      '  ｶﾅ          int4  integer     yes            yes',
      '  👍🏽          int4  integer     yes            yes',
      '  e\u0301           int4  integer     yes            yes',
    ])
  })
})
