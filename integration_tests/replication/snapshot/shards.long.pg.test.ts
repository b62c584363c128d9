import { expect } from 'chai'
import { once } from 'node:events'
import { runConnector, withConnector } from '../../helpers/connector.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { sharedServer } from '../../helpers/shared-server.ts'
import { contentIn, readAll, readShard, ShardHolder } from './shard-holder.ts'

/** First version in which a table can be read by ranges of its pages. */
const MAJOR_WITH_RANGES = 14

const TABLES: Readonly<Record<string, string>> = {
  empty: 'CREATE TABLE t (id int PRIMARY KEY, v text)',
  'one page': "CREATE TABLE t AS SELECT n AS id, 'a' AS v FROM generate_series(1, 3) AS n",
  bloated: `CREATE TABLE t AS SELECT n AS id, repeat('x', 300) AS v FROM generate_series(1, 20000) AS n;
    DELETE FROM t WHERE id BETWEEN 500 AND 9500; DELETE FROM t WHERE id > 15000`,
  partitioned: `CREATE TABLE t (id int, v text) PARTITION BY RANGE (id);
    CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (5000);
    CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (5000) TO (5001);
    CREATE TABLE t3 PARTITION OF t FOR VALUES FROM (5001) TO (6000);
    CREATE TABLE t4 PARTITION OF t FOR VALUES FROM (6000) TO (99999);
    INSERT INTO t SELECT n, repeat('y', 100) FROM generate_series(1, 8000) AS n WHERE n <> 5000`,
}

/** Changes that move rows between pages, and add and remove pages. */
const CHANGES = `UPDATE t SET v = v || '!' WHERE id % 3 = 0; DELETE FROM t WHERE id % 7 = 0;
  INSERT INTO t SELECT n, 'new' FROM generate_series(20001, 30000) AS n`

async function hasRanges(): Promise<boolean> {
  return (await sharedServer()).major >= MAJOR_WITH_RANGES
}

describe('shards', () => {
  for (const [name, ddl] of Object.entries(TABLES)) {
    for (const wanted of [1, 5]) {
      it(`${wanted} of a table that is ${name} are its snapshot, each row once`, async () => {
        const count = (await hasRanges()) ? wanted : 1
        await using db = await TestDatabase.create()
        await db.sql(ddl)
        await using connector = await withConnector(db.config())
        await using holder = await ShardHolder.start(connector, { stream: 'public.t', count })
        const [first] = holder.shards
        await db.sql(CHANGES)
        await db.sql('VACUUM t')
        const expected = await contentIn(db, first!.snapshot)
        expect(await readAll(connector, holder)).to.deep.equal(expected)
      })
    }
  }

  it('of a view are one shard with all rows, and empty ones', async () => {
    await using db = await TestDatabase.create()
    await db.sql(`${TABLES['one page']}; CREATE VIEW w AS SELECT * FROM t`)
    await using connector = await withConnector(db.config())
    await using holder = await ShardHolder.start(connector, { stream: 'w', count: 3 })
    expect(await readAll(connector, holder)).to.deep.equal(['1:a', '2:a', '3:a'])
  })

  it('keep no lock on the table', async () => {
    await using db = await TestDatabase.create()
    await db.sql(TABLES['one page']!)
    await using connector = await withConnector(db.config())
    await using holder = await ShardHolder.start(connector, { stream: 't', count: 1 })
    await db.sql("SET lock_timeout = '10s'; ALTER TABLE t ADD COLUMN extra int")
    expect(holder.lines).to.have.length(1)
  })

  it('are more than one from PostgreSQL 14 on', async () => {
    await using db = await TestDatabase.create()
    await db.sql(TABLES['one page']!)
    await using connector = await withConnector(db.config())
    const started = ShardHolder.start(connector, { stream: 't', count: 2 })
    if (await hasRanges()) {
      await using holder = await started
      expect(holder.shards.map(({ ranges }) => ranges?.length)).to.deep.equal([1, 0])
    } else {
      const failure: unknown = await started.catch((error: unknown) => error)
      expect(String(failure)).to.match(/cannot read a table by ranges of pages/)
    }
  })

  it('have the Arrow schema that discover shows', async () => {
    await using db = await TestDatabase.create()
    await db.sql(TABLES['one page']!)
    await using connector = await withConnector(db.config())
    const exact = ['--arrow-schema', '--arrow-exact']
    await using holder = await ShardHolder.start(connector, { stream: 't', count: 1, extra: exact })
    const found = await runConnector(['discover', '--config', connector.configFile, ...exact])
    const shard: Record<string, unknown> = JSON.parse(holder.lines[0]!)
    expect(found.catalog?.streams[0]).to.have.deep.property('arrow_schema', shard['arrow_schema'])
  })

  it('read only the columns of a catalog', async () => {
    await using db = await TestDatabase.create()
    await db.sql(TABLES['one page']!)
    await using connector = await withConnector(db.config())
    await using holder = await ShardHolder.start(connector, { stream: 't', count: 1 })
    const stream = { name: 't', namespace: 'public', json_schema: { properties: { v: {} } } }
    const catalog = await connector.writeFile('catalog.json', {
      streams: [{ stream, sync_mode: 'full_refresh' }],
    })
    const { records } = await readShard(connector, holder.lines[0]!, ['--catalog', catalog])
    expect(records.map(({ data }) => data)).to.deep.equal([{ v: 'a' }, { v: 'a' }, { v: 'a' }])
  })

  it('are read with one connection', async () => {
    await using db = await TestDatabase.create()
    await db.sql(TABLES['one page']!)
    await using connector = await withConnector(db.config())
    await using holder = await ShardHolder.start(connector, { stream: 't', count: 1 })
    await using single = await withConnector(db.config({ min_connections: 1, max_connections: 1 }))
    expect(await readAll(single, holder)).to.deep.equal(['1:a', '2:a', '3:a'])
  })

  it('are read from standard input, one after the other, until one fails', async () => {
    await using db = await TestDatabase.create()
    await db.sql(`${TABLES['one page']}; CREATE VIEW w AS SELECT * FROM t`)
    await using connector = await withConnector(db.config())
    await using holder = await ShardHolder.start(connector, { stream: 'w', count: 2 })
    const args = ['read', '--config', connector.configFile, '--shard', '-']
    const input = `${holder.lines.join('\n')}\n\n${holder.lines[0]}`
    const { records, statuses, code, errors } = await runConnector(args, { input })
    expect({ code, errors }).to.deep.equal({ code: 0, errors: [] })
    expect(records.map(({ data }) => data['id'])).to.deep.equal([1, 2, 3, 1, 2, 3])
    expect(statuses.filter((status) => status === 'w: COMPLETE')).to.have.length(3)
    const damaged = await runConnector(args, { input: `${holder.lines[0]}\n{"a": secret\n` })
    expect(damaged.records).to.have.length(3)
    expect(damaged.code).to.equal(1)
    expect(damaged.errors[0]?.message).to.equal(
      'A line of standard input (--shard -) is not JSON: correct line 1, column 7.',
    )
    expect((await runConnector(args)).code).to.equal(0)
  })

  it('are read from a file by their index', async () => {
    await using db = await TestDatabase.create()
    await db.sql(`${TABLES['one page']}; CREATE VIEW w AS SELECT * FROM t`)
    await using connector = await withConnector(db.config())
    await using holder = await ShardHolder.start(connector, { stream: 'w', count: 2 })
    const file = await connector.writeFile('shards.jsonl', `${holder.lines.join('\n')}\n`)
    const counts: number[] = []
    for (const index of ['0', '1']) {
      counts.push((await readShard(connector, file, ['--shard-index', index])).records.length)
    }
    expect(counts).to.deep.equal([3, 0])
    const without = await readShard(connector, file)
    expect(without.errors[0]?.message).to.match(/has 2 shards. Choose one with --shard-index/)
    const beyond = await readShard(connector, file, ['--shard-index', '2'])
    expect(beyond.errors[0]?.message).to.match(
      /has 2 shards and none with index 2\. Correct --shard-index/,
    )
  })
})

describe('shards that cannot be read', () => {
  it('fail if the snapshot was released', async () => {
    await using db = await TestDatabase.create()
    await db.sql(TABLES['one page']!)
    await using connector = await withConnector(db.config())
    const holder = await ShardHolder.start(connector, { stream: 't', count: 1 })
    await holder[Symbol.asyncDispose]()
    expect(holder.process.exitCode).to.equal(0)
    const { code, errors, records } = await readShard(connector, holder.lines[0]!)
    expect([code, records.length]).to.deep.equal([1, 0])
    expect(errors[0]?.failure_type).to.equal('config_error')
    expect(errors[0]?.message).to.match(/snapshot of the shard has been released/)
  })

  it('fail if the table was rewritten', async () => {
    await using db = await TestDatabase.create()
    await db.sql(TABLES['one page']!)
    await using connector = await withConnector(db.config())
    await using holder = await ShardHolder.start(connector, { stream: 't', count: 1 })
    await db.sql('TRUNCATE t')
    const { code, errors, records } = await readShard(connector, holder.lines[0]!)
    expect([code, records.length]).to.deep.equal([1, 0])
    expect(errors[0]?.message).to.match(/'public.t' was truncated, rewritten or dropped/)
  })

  it('fail in another database', async () => {
    await using db = await TestDatabase.create()
    await using other = await TestDatabase.create()
    for (const each of [db, other]) await each.sql(TABLES['one page']!)
    await using connector = await withConnector(db.config())
    await using holder = await ShardHolder.start(connector, { stream: 't', count: 1 })
    await using wrong = await withConnector(other.config())
    const { code, errors } = await readShard(wrong, holder.lines[0]!)
    expect(code).to.equal(1)
    expect(errors[0]?.message).to.match(/of another server or database/)
  })

  it('fail if they are malformed', async () => {
    await using db = await TestDatabase.create()
    await using connector = await withConnector(db.config())
    for (const [text, message] of [
      ['{"version":2}', /does not have version 1/],
      ['{"version":', /is not JSON/],
      ['/nowhere', /does not exist/],
    ] as const) {
      const { code, errors } = await readShard(connector, text)
      expect(code).to.equal(1)
      expect(errors[0]?.failure_type).to.equal('config_error')
      expect(errors[0]?.message).to.match(message)
    }
  })

  it('fail if their snapshot is malformed', async () => {
    await using db = await TestDatabase.create()
    await db.sql(TABLES['one page']!)
    await using connector = await withConnector(db.config())
    await using holder = await ShardHolder.start(connector, { stream: 't', count: 1 })
    const { visible } = holder.shards[0]!
    const shard = holder.lines[0]!.replace(`"${visible}"`, '"x"')
    const { errors } = await readShard(connector, shard)
    expect(errors.map(({ failure_type: type }) => type)).to.deep.equal(['config_error'])
    expect(errors[0]?.message).to.match(/has no valid 'snapshot.visible'/)
  })
})

describe('the holder of a snapshot', () => {
  it('fails at once with max_connections 1', async () => {
    await using db = await TestDatabase.create()
    await db.sql(TABLES['one page']!)
    const config = db.config({ min_connections: 1, max_connections: 1 })
    await using connector = await withConnector(config)
    const started = ShardHolder.start(connector, { stream: 't', count: 1 })
    const failure: unknown = await started.catch((error: unknown) => error)
    expect(String(failure)).to.match(/max_connections is 1, but shards needs 2 connections/)
  })

  it('ends when standard input closes while it waits for the table', async () => {
    await using db = await TestDatabase.create()
    await db.sql(TABLES['one page']!)
    await using session = await db.session()
    await session.sql('BEGIN; LOCK TABLE t')
    await using connector = await withConnector(db.config())
    const args = ['shards', '--config', connector.configFile, '--stream', 't', '--count', '1']
    const { code, stderr, stdout } = await runConnector(args)
    expect([code, stdout]).to.deep.equal([1, ''])
    expect(stderr).to.match(/Standard input was closed before the shards were made/)
  })

  it('reports that its connection was lost', async () => {
    await using db = await TestDatabase.create()
    await db.sql(TABLES['one page']!)
    await using connector = await withConnector(db.config({ application_name: 'holder' }))
    const holder = await ShardHolder.start(connector, { stream: 't', count: 1 })
    await db.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'`,
    )
    expect(await holder.ended()).to.equal(1)
    expect(await holder.stderr).to.match(/connection that held the snapshot was lost/)
  })

  it('ends on SIGTERM', async () => {
    await using db = await TestDatabase.create()
    await db.sql(TABLES['one page']!)
    await using connector = await withConnector(db.config())
    const holder = await ShardHolder.start(connector, { stream: 't', count: 1 })
    holder.process.kill('SIGTERM')
    expect(await holder.ended()).to.equal(0)
  })

  it('ends when no shard was read for the idle timeout, also if standard input stays open', async () => {
    await using db = await TestDatabase.create()
    await db.sql(TABLES['one page']!)
    await using connector = await withConnector(db.config())
    const extra = ['--idle-timeout', '1']
    const holder = await ShardHolder.start(connector, { stream: 't', count: 1, extra })
    holder.process.stdin?.end()
    if (holder.process.exitCode === null) await once(holder.process, 'exit')
    expect(await holder.ended()).to.equal(0)
    expect(await holder.stderr).to.match(/No shard has been read for \d+ s \(--idle-timeout\)/)
  })
})
