import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runConnector } from '../helpers/connector.ts'
import { Consumer, idsOf, logsOf, range } from '../helpers/consumer.ts'
import { CursorTable } from '../replication/cursor/cursor-table.ts'
import { filledTable, ROWS, SAVED, V3 } from './official-table.ts'

/** A batch size for several STATE messages in a read. */
const MANY_STATES = { batch_size: 100 }
const T = { name: 't', namespace: 'public' }
const OLD_STATE = {
  stream_name: 't',
  stream_namespace: 'public',
  cursor_field: ['changed'],
  cursor: `${SAVED}`,
  cursor_record_count: 1,
}

/** Ids of a read with the content of a state file, and its warnings. */
async function readWith(
  { catalog, connector }: Consumer,
  state: unknown,
): Promise<{ ids: number[]; warnings: string[] }> {
  const run = await connector.read({ catalog, state })
  expect(run.errors).to.deep.equal([])
  const warnings = logsOf(run, 'WARN').map(({ message }) => message)
  return { ids: idsOf(run.messages), warnings }
}

describe('--state', () => {
  it('with every STATE of an earlier read resumes from the last one', async () => {
    await using table = await filledTable(MANY_STATES)
    const { messages } = await table.consumer.sync()
    const states = messages.flatMap(({ state }) => state ?? [])
    expect(states).to.have.length.above(5)
    expect(await readWith(table.consumer, states)).to.deep.equal({ ids: [], warnings: [] })
  })

  it('with the output of an earlier read resumes from its last STATE', async () => {
    await using table = await filledTable(MANY_STATES)
    const { catalog, connector } = table.consumer
    const { stdout } = await connector.read({ catalog })
    expect(await readWith(table.consumer, stdout)).to.deep.equal({ ids: [], warnings: [] })
  })

  it('with the output of a read that was killed resumes from its last STATE', async () => {
    await using table = await filledTable(MANY_STATES)
    const { catalog, connector } = table.consumer
    const { stdout } = await connector.read({ catalog })
    const lines = stdout.split('\n')
    const states = lines.filter((line) => line.startsWith('{"type":"STATE"'))
    const third = lines.indexOf(states[2] ?? '')
    const cut = `${lines.slice(0, third + 1).join('\n')}\n{"type":"STATE","state":{"ty`
    const seen = lines.slice(0, third).filter((line) => line.startsWith('{"type":"RECORD"')).length
    const { ids } = await readWith(table.consumer, cut)
    expect(ids).to.deep.equal(range(seen + 1, ROWS))
  })

  for (const [what, state] of [
    ['LEGACY', [{ type: 'LEGACY', data: { cdc: false, streams: [OLD_STATE] } }]],
    ['LEGACY, before there were types', { cdc: false, streams: [OLD_STATE] }],
    [
      'GLOBAL, with a cursor',
      {
        type: 'GLOBAL',
        global: {
          shared_state: {},
          stream_states: [{ stream_descriptor: T, stream_state: OLD_STATE }],
        },
      },
    ],
  ] as const) {
    it(`that is ${what} is used for the stream`, async () => {
      await using table = await filledTable()
      const read = await readWith(table.consumer, state)
      expect(read).to.deep.equal({ ids: range(SAVED + 1, ROWS), warnings: [] })
    })
  }

  it('of a CDC sync does not make a full refresh complete', async () => {
    await using table = await filledTable()
    await using consumer = await Consumer.create(table.database, [{ name: 't' }])
    const finished = { ...V3, state_type: 'ctid_based', cursors: {} }
    const stream = { stream_descriptor: T, stream_state: finished }
    const state = { type: 'GLOBAL', global: { shared_state: {}, stream_states: [stream] } }
    const { ids, warnings } = await readWith(consumer, [state])
    expect(ids).to.deep.equal(range(1, ROWS))
    expect(warnings.join()).to.include('is part of a GLOBAL state, of a CDC sync')
  })

  it('and --state-out accept the output of a read, and keep only the last state', async () => {
    await using table = await CursorTable.create({ config: MANY_STATES })
    await table.commit(`INSERT INTO t SELECT n, n, '' FROM generate_series(1, 1000) AS n`)
    const { catalog, connector } = table.consumer
    const first = await connector.read({ catalog })
    const path = await connector.writeFile('state.jsonl', first.stdout)
    await table.commit(table.insert(1001, 1001))
    const args = await connector.readArgs({ catalog })
    const later = await runConnector([...args, '--state', path, '--state-out', path])
    expect(idsOf(later.messages)).to.deep.equal([1001])
    const saved: unknown = JSON.parse(
      await readFile(join(connector.directory, 'state.jsonl'), 'utf8'),
    )
    expect(saved).to.have.length(1)
  })
})
