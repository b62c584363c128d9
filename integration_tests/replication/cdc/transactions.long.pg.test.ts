import { expect } from 'chai'
import { requestedMajor } from '../../helpers/binaries.ts'
import { CdcDatabase } from './cdc-database.ts'
import { lastState, sync } from './sync.ts'

/** A transaction with 2000 subtransactions, every second of which is rolled back. */
const SUBTRANSACTIONS = `DO $$ BEGIN
  FOR i IN 1..2000 LOOP
    BEGIN
      INSERT INTO t VALUES (i);
      IF i % 2 = 0 THEN RAISE EXCEPTION 'rolled back'; END IF;
    EXCEPTION WHEN raise_exception THEN NULL;
    END;
  END LOOP;
END $$`

describe('transactions of every kind in the log', () => {
  let cdc: CdcDatabase
  let state: unknown
  before(async () => {
    cdc = await CdcDatabase.create('CREATE TABLE t (id int PRIMARY KEY)')
    state = lastState(await sync(cdc))
  })
  after(async () => await cdc[Symbol.asyncDispose]())

  /** Ids in the records of the next sync, in their order. */
  async function nextIds(): Promise<readonly unknown[]> {
    const run = await sync(cdc, { state })
    state = lastState(run)
    return run.records.map(({ data }) => data['id'])
  }

  it('leaves out subtransactions that were rolled back', async () => {
    await cdc.sql(SUBTRANSACTIONS)
    expect(await nextIds()).to.deep.equal(Array.from({ length: 1000 }, (_, i) => 2 * i + 1))
  })

  it('reads a prepared transaction at its commit, and leaves out one that is rolled back', async () => {
    const [kept, dropped] = [`${cdc.slot}-kept`, `${cdc.slot}-dropped`]
    for (const [gid, id] of [
      [kept, 10_001],
      [dropped, 10_002],
    ] as const) {
      await using session = await cdc.db.session()
      await session.sql(`BEGIN; INSERT INTO t VALUES (${id}); PREPARE TRANSACTION '${gid}'`)
    }
    await cdc.sql('INSERT INTO t VALUES (10003)')
    expect(await nextIds()).to.deep.equal([10_003])
    await cdc.sql(`COMMIT PREPARED '${kept}'`)
    await cdc.sql(`ROLLBACK PREPARED '${dropped}'`)
    await cdc.sql('INSERT INTO t VALUES (10004)')
    expect(await nextIds()).to.deep.equal([10_001, 10_004])
  })

  it('reads a prepared transaction with savepoints, an origin and a new table, once and whole', async () => {
    const gid = `${cdc.slot}-mixed`
    await cdc.sql(`SELECT pg_replication_origin_create('${gid}')`)
    {
      await using session = await cdc.db.session()
      await session.sql(`SELECT pg_replication_origin_session_setup('${gid}')`)
      await session.sql(`BEGIN; SELECT pg_replication_origin_xact_setup('0/5678', now());
        INSERT INTO t VALUES (11001); SAVEPOINT a; INSERT INTO t VALUES (11002); ROLLBACK TO a;
        SAVEPOINT b; CREATE TABLE side (id int PRIMARY KEY); INSERT INTO side VALUES (1);
        SAVEPOINT c; UPDATE t SET id = 11003 WHERE id = 11001; RELEASE c; PREPARE TRANSACTION '${gid}'`)
    }
    await cdc.sql('INSERT INTO t VALUES (11004)')
    expect(await nextIds()).to.deep.equal([11_004])
    await cdc.sql(`COMMIT PREPARED '${gid}'`)
    await cdc.sql(`SELECT pg_replication_origin_drop('${gid}')`)
    await cdc.sql('DROP TABLE side; INSERT INTO t VALUES (11005)')
    expect(await nextIds()).to.deep.equal([11_001, 11_001, 11_003, 11_005])
    expect(await nextIds()).to.deep.equal([])
  })

  it('reads savepoints that are nested a thousand deep, without those that were rolled back', async () => {
    const depth = 1000
    const nested = Array.from(
      { length: depth },
      (_, level) => `SAVEPOINT s${level}; INSERT INTO t VALUES (${50_000 + level})`,
    )
    // What is rolled back ends all savepoints within it
    await cdc.sql(`BEGIN; ${nested.join('; ')}; ROLLBACK TO s${depth / 2}; COMMIT`)
    expect(await nextIds()).to.deep.equal(
      Array.from({ length: depth / 2 }, (_, level) => 50_000 + level),
    )
  })

  it('reads rows that were replicated from another server', async () => {
    await cdc.sql(`SELECT pg_replication_origin_create('${cdc.slot}')`)
    {
      await using session = await cdc.db.session()
      await session.sql(`SELECT pg_replication_origin_session_setup('${cdc.slot}')`)
      await session.sql(`BEGIN; SELECT pg_replication_origin_xact_setup('0/1234', now());
        INSERT INTO t VALUES (20001); COMMIT`)
      await session.sql('SELECT pg_replication_origin_session_reset()')
    }
    await cdc.sql(`SELECT pg_replication_origin_drop('${cdc.slot}')`)
    await cdc.sql('INSERT INTO t VALUES (20002)')
    expect(await nextIds()).to.deep.equal([20_001, 20_002])
  })

  it('skips logical messages of other programs, also at the end of the log', async () => {
    await cdc.sql(`SELECT pg_logical_emit_message(false, 'other', 'before');
      INSERT INTO t VALUES (30001); SELECT pg_logical_emit_message(true, 'other', 'within');
      SELECT pg_logical_emit_message(false, 'other', 'within'); INSERT INTO t VALUES (30002)`)
    await cdc.sql(`SELECT pg_logical_emit_message(true, 'other', 'alone')`)
    await cdc.sql(`SELECT pg_logical_emit_message(false, 'other', 'last')`)
    expect(await nextIds()).to.deep.equal([30_001, 30_002])
    await cdc.sql('INSERT INTO t VALUES (30003)')
    expect(await nextIds()).to.deep.equal([30_003])
  })

  it('reads a transaction that the server spills to disk, completely and in order', async () => {
    // logical_decoding_work_mem was added in 13, the counters of a slot in 14
    if (requestedMajor() >= 13) {
      await cdc.sql(`ALTER DATABASE ${cdc.db.name} SET logical_decoding_work_mem = '64kB'`)
    }
    await cdc.sql('INSERT INTO t SELECT i FROM generate_series(100001, 120000) AS i')
    const ids = await nextIds()
    expect(ids.length).to.equal(20_000)
    expect(ids.every((id, i) => id === 100_001 + i)).to.equal(true)
    if (requestedMajor() < 14) return
    const [row] = await cdc.sql(
      `SELECT spill_txns > 0 AS spilled FROM pg_stat_replication_slots WHERE slot_name = '${cdc.slot}'`,
    )
    expect(row).to.deep.equal({ spilled: 't' })
  })
})

describe('a slot that was created with two_phase', () => {
  it('reads prepared transactions at their commit, or is reported before anything is read', async () => {
    if (requestedMajor() < 14) return
    await using cdc = await CdcDatabase.create('CREATE TABLE t (id int PRIMARY KEY)')
    await cdc.dropSlot()
    await cdc.sql(
      `SELECT pg_create_logical_replication_slot('${cdc.slot}', 'pgoutput', false, true)`,
    )
    const first = await sync(cdc)
    {
      await using session = await cdc.db.session()
      await session.sql(`BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION '${cdc.slot}'`)
    }
    await cdc.sql('INSERT INTO t VALUES (2)')
    await cdc.sql(`COMMIT PREPARED '${cdc.slot}'`)
    const second = await sync(cdc, { state: first.states.at(-1) })
    if (requestedMajor() < 15) {
      expect(second.records.map(({ data }) => data['id'])).to.deep.equal([2, 1])
      return
    }
    for (const { errors } of [first, second]) {
      expect(errors.map(({ failure_type: type }) => type)).to.deep.equal(['config_error'])
      expect(errors[0]?.message).to.include('was created with two_phase')
    }
  })
})
