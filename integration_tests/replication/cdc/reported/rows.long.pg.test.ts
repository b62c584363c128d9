import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { withConnector } from '../../../helpers/connector.ts'
import type { RecordMessage } from '../../../helpers/messages.ts'
import { Server } from '../../../helpers/server.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { incrementalCatalog, lastState, sync } from '../sync.ts'

/** Long enough for TOAST, and not compressible. */
const LONG = `(SELECT string_agg(md5(i::text || random()::text), '') FROM generate_series(1, 100) AS i)`

describe('rows of one COPY, which share a position in the log', () => {
  const ROWS = 30_000

  it('are all read if the sync is killed between them', async () => {
    await using cdc = await CdcDatabase.create('CREATE TABLE t (id int PRIMARY KEY, note text)')
    let state = lastState(await sync(cdc))
    await cdc.sql(`DO $$
      DECLARE file text := quote_literal(current_setting('data_directory') || '/${cdc.slot}.copy');
      BEGIN
        EXECUTE 'COPY (SELECT i, repeat(''x'', 200) FROM generate_series(1, ${ROWS}) AS i) TO ' || file;
        EXECUTE 'COPY t FROM ' || file;
      END $$`)
    await cdc.sql("UPDATE t SET note = 'changed' WHERE id % 1000 = 0")
    const catalog = await incrementalCatalog(cdc)
    await using connector = await withConnector(cdc.config({}, { batch_size: 100 }))
    await using run = await connector.startRead({ catalog, state: [state] })
    const records: RecordMessage[] = []
    for await (const { record, state: reached } of run.messages()) {
      if (record !== undefined && records.push(record) === 5000) run.process.kill('SIGKILL')
      if (reached !== undefined) state = reached
    }
    const positions = new Set(records.map(({ data }) => data['_ab_cdc_lsn']))
    expect(positions.size, 'rows share positions').to.be.below(records.length / 2)
    const rest = await sync(cdc, { state })
    lastState(rest)
    const rows = await cdc.sql('SELECT id, note FROM t')
    const folded = fold([...records, ...rest.records], 't').map(valuesOf)
    expect(folded.map(({ id, note }) => JSON.stringify([id, note])).toSorted()).to.deep.equal(
      rows.map(({ id, note }) => JSON.stringify([Number(id), note])).toSorted(),
    )
  })
})

describe('a state without a position', () => {
  for (const [name, shared] of [
    ['no shared state', undefined],
    ['an empty shared state', {}],
  ] as const) {
    it(`reads all rows, and not the log from its end: ${name}`, async () => {
      await using cdc = await CdcDatabase.create('CREATE TABLE t (id int PRIMARY KEY)')
      const state = lastState(await sync(cdc))
      await cdc.sql('INSERT INTO t VALUES (1), (2)')
      const global = { ...state.global, shared_state: shared }
      const run = await sync(cdc, { state: { ...state, global } })
      lastState(run)
      expect(run.records.map(({ data }) => data['id'])).to.deep.equal([1, 2])
    })
  }
})

describe('an UPDATE that leaves a long value out', () => {
  it('is not a schema change: the catalog is not read for each of them', async () => {
    await using server = await Server.start({ settings: { log_statement: 'all' } })
    await using cdc = await CdcDatabase.create(
      `CREATE TABLE t (id int PRIMARY KEY, n int, body text);
       INSERT INTO t SELECT i, 0, ${LONG} FROM generate_series(1, 400) AS i`,
      { server },
    )
    let state = lastState(await sync(cdc))
    const queriesOf = async (changed: number): Promise<number> => {
      for (let id = 1; id <= changed; id++) await cdc.sql(`UPDATE t SET n = n + 1 WHERE id = ${id}`)
      const before = (await server.log()).length
      const run = await sync(cdc, { state })
      state = lastState(run)
      expect(run.records.map(({ meta }) => meta?.changes)).to.deep.equal(
        Array.from({ length: changed }, () => undefined),
      )
      const queries = (await server.log()).slice(before)
      return queries.split(/\bpg_(?:attribute|type|class)\b/).length - 1
    }
    expect(await queriesOf(400)).to.equal(await queriesOf(1))
  })
})

describe('a DELETE of a row with NOT NULL columns', () => {
  it('has null in them, because the log contains only the key', async () => {
    await using cdc = await CdcDatabase.create(
      "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL, note text NOT NULL DEFAULT ''); INSERT INTO t VALUES (1, 1, 'a')",
    )
    const state = lastState(await sync(cdc))
    await cdc.sql('DELETE FROM t')
    const run = await sync(cdc, { state })
    lastState(run)
    expect(run.records.map(({ data }) => valuesOf(data))).to.deep.equal([
      { id: 1, n: null, note: null },
    ])
    expect(run.records[0]?.data['_ab_cdc_deleted_at']).to.be.a('string')
  })
})

describe('wide JSON', () => {
  it('memory does not grow with the rows of a transaction, with a slow consumer', async () => {
    await using cdc = await CdcDatabase.create('CREATE TABLE t (id int PRIMARY KEY, body jsonb)')
    const state = lastState(await sync(cdc))
    await cdc.sql(
      `INSERT INTO t SELECT i, jsonb_build_object('a', repeat(md5(i::text), 100000)) FROM generate_series(1, 150) AS i`,
    )
    const catalog = await incrementalCatalog(cdc)
    await using connector = await withConnector(cdc.config())
    await using run = await connector.startRead({ catalog, state: [state] })
    let bytes = 0
    let peakKb = 0
    for await (const { record } of run.messages()) {
      if (record === undefined) continue
      bytes += String(record.data['body']).length
      const status = readFileSync(`/proc/${run.process.pid}/status`, 'utf8')
      peakKb = Math.max(peakKb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))
    }
    expect((await run.ended).code).to.equal(0)
    expect(bytes).to.be.greaterThan(150 * 3_200_000)
    expect(peakKb).to.be.within(1, 250_000)
  })
})
