import { expect } from 'chai'
import { withConnector } from '../../../helpers/connector.ts'
import type { RecordMessage, StateMessage } from '../../../helpers/messages.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold } from '../fold.ts'
import { incrementalCatalog, lastState, sync } from '../sync.ts'

const ROWS = 8000
const TABLE = `CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, repeat('x', 5000) FROM generate_series(1, ${ROWS}) AS i`
/** Each SIGUSR2 advances the clock of the process by 40 minutes. */
const CLOCK = `
  const { now } = performance
  let passedMs = 0
  performance.now = () => now.call(performance) + passedMs
  process.on('SIGUSR2', () => { passedMs += 40 * 60_000 })`
const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(CLOCK)}`

describe('initial_load_timeout_hours', () => {
  it('includes all attempts of the run; the next sync resumes the load', async () => {
    await using cdc = await CdcDatabase.create(TABLE)
    const catalog = await incrementalCatalog(cdc)
    const config = cdc.config({ initial_load_timeout_hours: 1 }, { batch_size: 100 })
    await using connector = await withConnector(config)
    await using run = await connector.startRead({ catalog }, { env: { NODE_OPTIONS } })
    const records: RecordMessage[] = []
    const failures: string[] = []
    let state: StateMessage | null = null
    let isRetried = false
    let shifts = 0
    for await (const { record, state: reached, log, trace } of run.messages()) {
      if (record !== undefined) records.push(record)
      if (trace?.error !== undefined) failures.push(trace.error.message)
      if (log?.message.startsWith('The read was interrupted') === true) isRetried = true
      if (reached === undefined) continue
      state = reached
      if (shifts > (isRetried ? 1 : 0)) continue
      shifts++
      run.process.kill('SIGUSR2')
      if (isRetried) continue
      await cdc.sql(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      )
    }
    expect((await run.ended).code).to.equal(1)
    expect(shifts).to.equal(2)
    expect(failures).to.deep.equal([
      "The first load took longer than initial_load_timeout_hours (1); unfinished: 'public.t'. The next sync continues from here.",
    ])
    const last = await sync(cdc, { state })
    lastState(last)
    expect(last.records.length).to.be.below(ROWS)
    expect(fold([...records, ...last.records], 't')).to.have.length(ROWS)
  })
})
