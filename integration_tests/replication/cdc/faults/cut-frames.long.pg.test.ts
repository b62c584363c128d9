import { expect } from 'chai'
import { requestedMajor } from '../../../helpers/binaries.ts'
import { FaultProxy } from '../../../helpers/fault-proxy.ts'
import { type FrameCut, FrameProxy } from './frame-proxy.ts'
import { RepeatedLog } from './repeated-log.ts'

const TABLES = `
CREATE TYPE mood AS ENUM ('low', 'high');
CREATE TABLE a (id int PRIMARY KEY, note text, mood mood);
CREATE TABLE b (id bigint PRIMARY KEY, note text);
CREATE TABLE empty (id int PRIMARY KEY);
INSERT INTO a VALUES (1, 'old', 'low');
INSERT INTO b VALUES (1, 'old');`
const TRANSACTIONS = [
  `INSERT INTO a VALUES (2, 'new', 'high'), (3, 'new', 'low'); INSERT INTO b VALUES (2, 'new')`,
  `UPDATE a SET note = 'changed' WHERE id <= 2; UPDATE b SET id = 10 WHERE id = 1`,
  `TRUNCATE empty; DELETE FROM a WHERE id = 3; INSERT INTO b VALUES (3, 'new')`,
  `SELECT pg_logical_emit_message(true, 'of the application', 'x');
   DELETE FROM b WHERE id = 2; INSERT INTO b VALUES (2, 'again'); UPDATE b SET note = 'twice' WHERE id = 2`,
  `UPDATE a SET mood = 'high'; DELETE FROM b WHERE id = 3`,
  // Outside of a transaction, so that the end of the log is reported by a keepalive
  `SELECT pg_logical_emit_message(false, 'of the application', 'x')`,
]
const LARGE_ROWS = 3000
const LARGE_TABLES = `
CREATE TABLE a (id int PRIMARY KEY, note text);
CREATE TABLE b (id bigint PRIMARY KEY, note text);`
const LARGE_TRANSACTIONS = [
  "INSERT INTO a VALUES (0, 'before')",
  `INSERT INTO a SELECT i, repeat('x', 100) FROM generate_series(1, ${LARGE_ROWS}) AS i;
   INSERT INTO b SELECT i, repeat('y', 100) FROM generate_series(1, ${LARGE_ROWS}) AS i;
   UPDATE a SET note = 'changed' WHERE id <= 100; DELETE FROM a WHERE id = ${LARGE_ROWS}`,
  "INSERT INTO a VALUES (-1, 'behind')",
]
/** More frames than any transaction of the small log has, including the keepalives before it. */
const MAX_FRAMES = 20
const PARALLEL = 4
/** Logical messages are sent since 14. */
const KINDS = `kBYRIUDTC${requestedMajor() >= 14 ? 'M' : ''}`.split('')

/** Runs some at a time: an interrupted sync mostly waits for its retry. */
async function forEach<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items]
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
}

/** Runs a sync that succeeds, or fails after `max_retries` without progress. */
async function syncWith(
  log: RepeatedLog,
  cut: FrameCut,
  { isBytewise = false } = {},
): Promise<{ isDone: boolean; cutBehind: readonly string[] }> {
  await using frames = await FrameProxy.start(log.cdc.db.server.port, cut)
  await using bytes = await FaultProxy.start(frames.port, { type: 'pieces', bytes: 1 })
  const run = await log.syncThrough(isBytewise ? bytes.port : frames.port)
  const types = run.errors.map(({ failure_type: type }) => type)
  expect([run.code, types], run.stderr).to.be.deep.oneOf([
    [0, []],
    [1, ['transient_error']],
  ])
  return { isDone: run.code === 0, cutBehind: frames.lastFrames.map(({ kind }) => kind) }
}

describe('a CDC sync whose connection to the log is cut between two frames', () => {
  let log: RepeatedLog

  before(async () => {
    log = await RepeatedLog.create({ tables: TABLES, transactions: TRANSACTIONS })
  })
  after(async () => await log[Symbol.asyncDispose]())

  it('after every n-th: whole transactions up to each STATE, the rest in the next sync', async () => {
    const numbers = Array.from({ length: MAX_FRAMES }, (_, index) => index + 1)
    await forEach(numbers, async (n) => {
      const { isDone, cutBehind } = await syncWith(log, { isBehind: ({ number }) => number === n })
      expect(cutBehind, `behind frame ${n}`).to.not.have.length(0)
      if (n === MAX_FRAMES) expect(isDone).to.equal(true)
    })
  })

  it('after every commit: each of them is progress', async () => {
    const { isDone, cutBehind } = await syncWith(log, { isBehind: ({ kind }) => kind === 'C' })
    expect(isDone).to.equal(true)
    // Before PostgreSQL 15, the log also has empty transactions, such as those of autovacuum
    expect(cutBehind).to.have.length.at.least(TRANSACTIONS.length - 1)
  })

  it('after each kind, within the next frame, or with a reset', async () => {
    const cuts = KINDS.flatMap((last) => [
      { last, isHalf: true },
      { last, isReset: true },
    ])
    await forEach(cuts, async ({ last, ...how }) => {
      const { cutBehind } = await syncWith(log, { isBehind: ({ kind }) => kind === last, ...how })
      expect(new Set(cutBehind)).to.deep.equal(new Set(last))
    })
  })

  it('once within a frame, when bytes are received one by one: retried in the same run', async () => {
    const cut = { isBehind: ({ kind }) => kind === 'U', isHalf: true, times: 1 } satisfies FrameCut
    const { isDone, cutBehind } = await syncWith(log, cut, { isBytewise: true })
    expect([isDone, cutBehind]).to.deep.equal([true, ['U']])
  })
})

describe('a CDC sync whose connection to the log is cut in a large transaction', () => {
  let log: RepeatedLog

  before(async () => {
    log = await RepeatedLog.create({ tables: LARGE_TABLES, transactions: LARGE_TRANSACTIONS })
  })
  after(async () => await log[Symbol.asyncDispose]())

  for (const [where, cut] of [
    ['in its middle', { isBehind: ({ number }) => number === LARGE_ROWS }],
    ['in its commit', { isBehind: ({ kind }) => kind === 'D', isHalf: true }],
    ['behind its commit', { isBehind: ({ kind, number }) => kind === 'C' && number > LARGE_ROWS }],
  ] satisfies [string, FrameCut][]) {
    it(`${where}, once: retried in the same run`, async () => {
      const { isDone, cutBehind } = await syncWith(log, { ...cut, times: 1 })
      expect([isDone, cutBehind.length]).to.deep.equal([true, 1])
    })
  }

  it('within it, each time: ends after max_retries, and the next sync reads it', async () => {
    const cut = { isBehind: ({ number }) => number === LARGE_ROWS } satisfies FrameCut
    const { isDone, cutBehind } = await syncWith(log, cut)
    expect([isDone, cutBehind.length]).to.deep.equal([false, 2])
  })
})
