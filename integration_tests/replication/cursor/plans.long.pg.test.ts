import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Json } from '../../helpers/messages.ts'
import { Server } from '../../helpers/server.ts'
import { CursorTable } from './cursor-table.ts'

const ROWS = 200_000

/** With auto_explain, the server logs the plan of every statement. */
const SETTINGS = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  log_temp_files: '0',
  work_mem: '4MB',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
}

const CREATE = `
  CREATE TABLE t (id bigint, changed timestamptz, note text);
  INSERT INTO t SELECT n, now() - (${ROWS} - n) * interval '1 minute', repeat('x', 50)
  FROM generate_series(1, ${ROWS}) AS n`
const CREATE_INDEX = 'CREATE INDEX t_changed ON t (changed)'
const ADD_ROW = `INSERT INTO t SELECT max(id) + 1, clock_timestamp(), 'new' FROM t`

/** Server log during `work`: the plans on `t`, and the rest. */
async function watch(
  server: Server,
  work: () => Promise<unknown>,
): Promise<{ plans: string[]; log: string }> {
  const start = (await server.log()).length
  await work()
  const log = (await server.log()).slice(start)
  const entries = log.split(/^(?=\d{4}-\d\d-\d\d )/m)
  // LIMIT 0 only takes the lock
  const plans = entries.filter((entry) => / plan:\n/.test(entry) && !/ LIMIT 0;?$/m.test(entry))
  return { plans: plans.filter((plan) => /Scan.* on (public\.)?t( |$)/m.test(plan)), log }
}

/** Plans of COPY statements, which return the records. */
function copies(plans: readonly string[]): string[] {
  return plans.filter((plan) => /COPY \(/.test(plan))
}

async function create(server: Server, sql: string, config: Json = {}): Promise<CursorTable> {
  const table = await CursorTable.create({ server, create: sql, config })
  await table.commit('VACUUM ANALYZE t')
  return table
}

describe('the queries of a read by cursor', () => {
  let server: Server
  before(async () => {
    server = await Server.start({ settings: SETTINGS })
  })
  after(async () => await server[Symbol.asyncDispose]())

  for (const [what, sql] of [
    ['with an index', `${CREATE}; ${CREATE_INDEX}`],
    ['without an index', CREATE],
  ] as const) {
    it(`${what}, the first load does not sort`, async () => {
      await using table = await create(server, sql, { batch_size: 20_000 })
      let count = 0
      const { plans, log } = await watch(server, async () => {
        count = (await table.sync()).length
      })
      expect(count).to.equal(ROWS)
      const reads = copies(plans)
      expect(reads.length, 'COPY statements').to.be.greaterThan(0)
      for (const plan of reads) expect(plan, plan).not.to.match(/Sort|Index/)
      if (server.major >= 14)
        for (const plan of reads) expect(plan, plan).to.match(/Tid Range Scan/)
      expect(log).not.to.match(/temporary file/)
    })
  }

  it('the bound of the first load is read from the index', async () => {
    await using table = await create(server, `${CREATE}; ${CREATE_INDEX}`)
    const { plans } = await watch(server, async () => await table.sync())
    const others = plans.filter((plan) => !copies([plan]).length)
    const bounds = others.filter((plan) => /Index (Only )?Scan.* t_changed/.test(plan))
    expect(bounds.length, others.join('\n')).to.be.greaterThan(0)
  })

  for (const [what, config] of [
    ['the window off', { late_commit_window_seconds: 0 }],
    ['a window that the last sync is behind', { late_commit_window_seconds: 1 }],
    ['the default window', {}],
  ] as const) {
    it(`later syncs use the index and read nothing else, with ${what}`, async () => {
      await using table = await create(server, `${CREATE}; ${CREATE_INDEX}`, config)
      await table.sync()
      await sleep(1200)
      await table.sync()
      await table.commit(ADD_ROW)
      let ids: number[] = []
      const { plans, log } = await watch(server, async () => {
        ids = await table.sync()
      })
      expect(ids).to.deep.equal([ROWS + 1])
      const reads = copies(plans)
      expect(reads.length, 'COPY statements').to.be.greaterThan(0)
      for (const plan of reads) expect(plan, plan).to.match(/t_changed/)
      for (const plan of plans) expect(plan, plan).not.to.match(/Seq Scan/)
      expect(log).not.to.match(/temporary file/)
    })
  }

  it('later syncs of a large part of the table use the order of the index, or sort only that part', async () => {
    const config = { late_commit_window_seconds: 0 }
    await using table = await create(server, `${CREATE}; ${CREATE_INDEX}`, config)
    await table.sync()
    await table.commit(
      `INSERT INTO t SELECT ${ROWS} + n, clock_timestamp() + n * interval '1 second', 'n'
       FROM generate_series(1, 5000) AS n`,
    )
    const { plans } = await watch(server, async () => await table.sync())
    for (const plan of copies(plans)) expect(plan, plan).to.match(/t_changed/)
  })
})
