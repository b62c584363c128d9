import { expect } from 'chai'
import { ConnectorError } from '../errors.ts'
import { parseStates } from './parse-states.ts'

const STATE = { version: 3, state_type: 'ctid_based' }
const CONTENT = {
  type: 'STREAM',
  stream: { stream_descriptor: { name: 't', namespace: 'public' }, stream_state: STATE },
}

describe('parseStates', () => {
  for (const [name, raw] of [
    ['a list of contents', [CONTENT]],
    ['a list of messages', [{ type: 'STATE', state: CONTENT }]],
    ['one content', CONTENT],
    ['one message', { type: 'STATE', state: CONTENT }],
  ] as const) {
    it(`${name} is accepted`, () => {
      expect(parseStates(raw).stream({ name: 't', namespace: 'public' })).to.deep.equal(STATE)
    })
  }

  for (const raw of [[], {}, null]) {
    it(`${JSON.stringify(raw)} is an empty list of states`, () => {
      expect(parseStates(raw).stream({ name: 't', namespace: 'public' })).to.equal(null)
    })
  }

  it('an empty object as a stream state counts as no state', () => {
    const raw = { ...CONTENT, stream: { ...CONTENT.stream, stream_state: {} } }
    expect(parseStates(raw).stream({ name: 't', namespace: 'public' })).to.equal(null)
  })

  it('a state with another namespace does not match the stream', () => {
    expect(parseStates([CONTENT]).stream({ name: 't', namespace: 'other' })).to.equal(null)
  })

  it('a GLOBAL state has the shared state and the state of each stream', () => {
    const global = { shared_state: { lsn: 1 }, stream_states: [CONTENT.stream] }
    const states = parseStates([{ type: 'GLOBAL', global }])
    expect(states.global).to.deep.equal(global)
    expect(states.stream({ name: 't', namespace: 'public' })).to.deep.equal(STATE)
  })

  it('of several states of a stream the last one counts', () => {
    const later = { ...CONTENT.stream, stream_state: { version: 3, later: true } }
    const states = parseStates([CONTENT, { type: 'GLOBAL', global: { stream_states: [later] } }])
    expect(states.stream({ name: 't', namespace: 'public' })).to.deep.equal(later.stream_state)
    expect(states.global?.shared_state).to.equal(null)
  })

  it('skips the other messages of a read', () => {
    const record = { type: 'RECORD', record: { stream: 't', data: {}, emitted_at: 1 } }
    const states = parseStates([record, { type: 'STATE', state: CONTENT }, { type: 'LOG' }])
    expect(states.stream({ name: 't', namespace: 'public' })).to.deep.equal(STATE)
    expect(states.contents).to.deep.equal([CONTENT])
  })

  it('distinguishes states that are part of a GLOBAL state', () => {
    const other = { stream_descriptor: { name: 'u' }, stream_state: STATE }
    const states = parseStates([CONTENT, { type: 'GLOBAL', global: { stream_states: [other] } }])
    expect(states.isGlobal({ name: 't', namespace: 'public' })).to.equal(false)
    expect(states.isGlobal({ name: 'u', namespace: 'public' })).to.equal(true)
    expect(states.isGlobal({ name: 'v' })).to.equal(false)
  })

  const OLD = { stream_name: 't', stream_namespace: 'public', cursor_field: ['id'], cursor: '42' }
  for (const [name, raw] of [
    ['without a type', { data: { cdc: false, streams: [OLD] } }],
    ['of type LEGACY', { type: 'LEGACY', data: { streams: [OLD] } }],
    ['in a message', { type: 'STATE', state: { data: { streams: [OLD] } } }],
    ['as it was before there were messages', { cdc: false, streams: [OLD] }],
  ] as const) {
    it(`a LEGACY state ${name} is read for its streams`, () => {
      const states = parseStates(raw)
      expect(states.stream({ name: 't', namespace: 'public' })).to.deep.equal(OLD)
      expect(states.global).to.equal(null)
    })
  }

  it('a LEGACY state of CDC is a GLOBAL one', () => {
    const shared = { state: { key: '{"lsn":5}' } }
    const states = parseStates({ data: { cdc: true, cdc_state: shared, streams: [OLD] } })
    expect(states.global?.shared_state).to.deep.equal(shared)
    expect(states.isGlobal({ name: 't', namespace: 'public' })).to.equal(true)
  })

  it('an empty LEGACY state counts as no state', () => {
    expect(parseStates({ type: 'LEGACY', data: {} }).contents).to.deep.equal([])
  })

  for (const [raw, part] of [
    [
      [{ type: 'LEGACY', data: { last: 5 } }],
      'entry 1 is of type LEGACY and does not list streams',
    ],
    [[{ data: { streams: {} } }], 'entry 1 is of type LEGACY and does not list streams'],
    [[{ data: { streams: [{}] } }], 'entry 1 has no stream_descriptor with a name'],
    [[{ last: 5 }], 'entry 1 is not of type STREAM or GLOBAL'],
    [[{ type: 'RECORD' }, { type: 'CATALOG' }], 'has messages, but no STATE'],
    [['x'], 'entry 1 is not an object'],
    [[CONTENT, { type: 'OTHER', stream: {} }], 'entry 2 is not of type STREAM or GLOBAL'],
    [[{ type: 'GLOBAL', global: { shared_state: 1 } }], 'entry 1 has a shared_state that is not'],
    [[{ type: 'GLOBAL', global: { stream_states: {} } }], 'entry 1 has stream_states that are'],
    [
      [{ type: 'GLOBAL', global: { stream_states: [{}] } }],
      'entry 1 has no stream_descriptor with a name',
    ],
    [[{ type: 'STREAM', stream: {} }], 'entry 1 has no stream_descriptor with a name'],
    [
      [{ ...CONTENT, stream: { ...CONTENT.stream, stream_state: 5 } }],
      'entry 1 has a stream_state that is not an object',
    ],
    ['nonsense', 'entry 1 is not an object'],
  ] as const) {
    it(`malformed: ${part}`, () => {
      expect(() => parseStates(raw)).to.throw(ConnectorError, part)
    })
  }
})
