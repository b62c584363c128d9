import { expect } from 'chai'
import { type Connector, type Run } from '../helpers/connector.ts'
import { Consumer, logsOf } from '../helpers/consumer.ts'
import { CursorTable } from '../replication/cursor/cursor-table.ts'

const DESCRIPTOR = { name: 't', namespace: 'public' }
const STATE = { version: 3, state_type: 'cursor_based', cursors: { changed: 2 } }

/** Contents of a state file that are not a list of states of this connector. */
const MALFORMED: readonly (readonly [string, unknown])[] = [
  ['no JSON', 'STATE'],
  ['cut in the middle', '[{"type":"STREAM","stream":{"stream_descriptor"'],
  ['a number', 5],
  ['a string', '"state"'],
  ['a list of numbers', [1, 2]],
  ['a list with null', [null]],
  ['an object without a type', { cursors: {} }],
  ['an unknown type', [{ type: 'FLOW', stream: {} }]],
  ['no stream', [{ type: 'STREAM' }]],
  ['a stream without a descriptor', [{ type: 'STREAM', stream: { stream_state: STATE } }]],
  ['a descriptor without a name', [{ type: 'STREAM', stream: { stream_descriptor: {} } }]],
  [
    'a stream_state that is a string',
    [{ type: 'STREAM', stream: { stream_descriptor: DESCRIPTOR, stream_state: 'x' } }],
  ],
  [
    'a stream_state that is a list',
    [{ type: 'STREAM', stream: { stream_descriptor: DESCRIPTOR, stream_state: [STATE] } }],
  ],
]

/** A `stream_state` from which a read cannot be resumed. */
const STRANGE: readonly (readonly [string, unknown])[] = [
  ['an unknown state_type', { version: 3, state_type: 'lsn_based', cursors: { changed: 2 } }],
  ['no state_type', { version: 3, cursors: { changed: 2 } }],
  ['a later version', { ...STATE, version: 99 }],
  ['cursors that are a list', { ...STATE, cursors: ['changed', 2] }],
  ['a cursor that is an object', { ...STATE, cursors: { changed: { value: 2 } } }],
  ['a malformed ctid', { version: 3, state_type: 'ctid_based', ctid: '4', cursors: {} }],
  ['a ctid without a filenode', { version: 3, state_type: 'ctid_based', ctid: '(0,1)' }],
]

/** Contents that are an empty list of states. */
const EMPTY: readonly (readonly [string, unknown])[] = [
  ['an empty file', ''],
  ['{}', '{}'],
  ['[]', '[]'],
  ['null', 'null'],
]

async function readWith(table: CursorTable, state: unknown): Promise<Run> {
  const connector: Connector = table.consumer.connector
  return await connector.read({ catalog: table.consumer.catalog, state })
}

async function createTable(): Promise<CursorTable> {
  const table = await CursorTable.create()
  for (const id of [1, 2, 3]) await table.commit(table.insert(id, id))
  return table
}

describe('a state file', () => {
  for (const [what, state] of MALFORMED) {
    it(`with ${what} → a config_error with the cause, and no record`, async () => {
      await using table = await createTable()
      const run = await readWith(table, state)
      expect(run.code).to.equal(1)
      expect(run.records).to.deep.equal([])
      expect(run.errors).to.have.length(1)
      expect(run.errors[0]).to.include({ failure_type: 'config_error' })
      expect(run.errors[0]?.message).to.match(/state/i)
    })
  }

  for (const [what, state] of STRANGE) {
    it(`with ${what} → never a full sync without a warning`, async () => {
      await using table = await createTable()
      const entry = { stream_descriptor: DESCRIPTOR, stream_state: state }
      const run = await readWith(table, [{ type: 'STREAM', stream: entry }])
      const isRefused = run.errors.some(({ failure_type: type }) => type === 'config_error')
      const isAnnounced = logsOf(run, 'WARN').length > 0
      const isPickedUp = run.records.length < 3
      expect(isRefused || isAnnounced || isPickedUp, run.stdout).to.equal(true)
      expect(run.code).to.equal(isRefused ? 1 : 0)
    })
  }

  for (const [what, state] of EMPTY) {
    it(`with ${what} → everything is read, without a warning`, async () => {
      await using table = await createTable()
      const run = await readWith(table, state)
      expect(run.code, run.stdout).to.equal(0)
      expect(run.records).to.have.length(3)
      expect(logsOf(run, 'WARN')).to.deep.equal([])
    })
  }

  it('with the states as STATE messages, or a single one → they are used', async () => {
    await using table = await createTable()
    await table.sync()
    await table.commit(table.insert(4, 4))
    const [state] = table.consumer.states
    for (const form of [[{ type: 'STATE', state }], { type: 'STATE', state }, state, [state]]) {
      const run = await readWith(table, form)
      expect(run.records.map(({ data }) => data['id'])).to.deep.equal([4])
    }
  })

  it('with states of streams that are not selected → they are ignored', async () => {
    await using table = await createTable()
    await table.sync()
    const other = { stream_descriptor: { name: 'gone', namespace: 'old' }, stream_state: STATE }
    const run = await readWith(table, [{ type: 'STREAM', stream: other }, ...table.consumer.states])
    expect(run.code).to.equal(0)
    expect(run.records).to.deep.equal([])
  })

  it('with a stream of the same name in another schema → it is not used', async () => {
    await using table = await createTable()
    await table.commit('CREATE SCHEMA b; CREATE TABLE b.t AS SELECT * FROM t')
    const config = { schemas: ['public', 'b'] }
    const choice = { cursorField: 'changed' }
    const streams = [{ name: 'b.t', ...choice }]
    await using consumer = await Consumer.create(table.database, streams, config)
    const stream = { stream_descriptor: DESCRIPTOR, stream_state: STATE }
    consumer.states = [{ type: 'STREAM', stream }]
    const { messages } = await consumer.sync()
    expect(messages.filter(({ record }) => record !== undefined)).to.have.length(3)
  })
})

describe('a cursor field', () => {
  it('that the table does not have → a config_error with the columns', async () => {
    await using table = await createTable()
    await table.sync()
    await table.commit('ALTER TABLE t RENAME changed TO modified')
    const attempt = await table.consumer.attempt()
    const [error] = attempt.messages.flatMap(({ trace }) => trace?.error ?? [])
    expect(attempt.code).to.equal(1)
    expect(error).to.include({ failure_type: 'config_error' })
    expect(error?.message)
      .to.match(/'changed'/)
      .and.match(/'id'.*'modified'/)
  })

  it('that was changed in the catalog → a WARN, and the stream is read from the start', async () => {
    await using table = await createTable()
    await table.sync()
    await table.consumer.choose([{ name: 't', cursorField: 'id' }])
    const attempt = await table.consumer.sync()
    expect(attempt.messages.filter(({ record }) => record !== undefined)).to.have.length(3)
    expect(logsOf(attempt, 'WARN')).not.to.deep.equal([])
    expect(table.consumer.stateOf('t')).to.deep.include({ cursors: { id: 3 } })
  })
})
