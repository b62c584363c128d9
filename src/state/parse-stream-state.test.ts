import { expect } from 'chai'
import { JsonNumber, type JsonObject } from '../json/json.ts'
import { parseStreamState } from './parse-stream-state.ts'
import { buildStreamState, type StreamState } from './stream-state.ts'

const NOTHING: StreamState = {
  type: 'ctid',
  scan: null,
  cursor: null,
  horizon: null,
  xmin: null,
  filenode: null,
  oid: null,
}
const PROGRESS = { field: 'id', value: '42', recordCount: null, marks: [] }
const SAVED = { version: 3, state_type: 'cursor_based', cursors: { id: '42' } }

describe('parseStreamState', () => {
  it('reads an object returned by buildStreamState', () => {
    const cursor = { ...PROGRESS, value: new JsonNumber('9007199254740993') }
    const state: StreamState = { ...NOTHING, type: 'xmin', cursor, xmin: 2n ** 40n }
    expect(parseStreamState(buildStreamState(state))).to.deep.equal(state)
  })

  const cases: readonly [string, JsonObject, StreamState | null][] = [
    [
      'version 3, scan in progress towards a cursor',
      {
        version: 3,
        state_type: 'ctid_based',
        ctid: '(4095,1)',
        relation_filenode: 16402,
        cursors: { id: 42 },
      },
      {
        ...NOTHING,
        scan: { page: 4095, tuple: 1, filenode: 16402, leaf: null },
        cursor: { ...PROGRESS, value: new JsonNumber('42') },
        filenode: 16402,
      },
    ],
    ['version 3, scan complete', { version: 3, state_type: 'ctid_based', cursors: {} }, NOTHING],
    [
      'version 3, cursor',
      { version: 3, state_type: 'cursor_based', cursors: { id: '42' } },
      { ...NOTHING, type: 'cursor', cursor: PROGRESS },
    ],
    [
      'version 3, xmin',
      { version: 3, state_type: 'xmin_based', xmin: 123456 },
      { ...NOTHING, type: 'xmin', xmin: 123456n },
    ],
    [
      'version 2, cursor',
      {
        version: 2,
        state_type: 'cursor_based',
        cursor_field: ['id'],
        cursor: '42',
        cursor_record_count: 1,
      },
      { ...NOTHING, type: 'cursor', cursor: { ...PROGRESS, recordCount: 1 } },
    ],
    [
      'version 2, scan with the cursor inside',
      {
        version: 2,
        state_type: 'ctid',
        ctid: '(0,100)',
        relation_filenode: 16402,
        incremental_state: { state_type: 'cursor_based', cursor_field: ['id'], cursor: '42' },
      },
      {
        ...NOTHING,
        scan: { page: 0, tuple: 100, filenode: 16402, leaf: null },
        cursor: PROGRESS,
        filenode: 16402,
      },
    ],
    [
      'version 2, xmin with its epoch',
      {
        version: 2,
        state_type: 'xmin',
        num_wraparound: 2,
        xmin_xid_value: 5,
        xmin_raw_value: 8589934597,
      },
      { ...NOTHING, type: 'xmin', xmin: 8589934597n },
    ],
    [
      'before versions',
      { stream_name: 't', cursor_field: ['id'], cursor: '42' },
      { ...NOTHING, type: 'cursor', cursor: PROGRESS },
    ],
    [
      'a blank cursor counts as none',
      { version: 2, state_type: 'cursor_based', cursor_field: ['id'], cursor: '' },
      { ...NOTHING, type: 'cursor' },
    ],
    ['a malformed ctid', { version: 3, state_type: 'ctid_based', ctid: 'x' }, null],
    ['another connector’s state', { last: 1 }, null],
    ['two cursors', { version: 3, state_type: 'cursor_based', cursors: { a: 1, b: 2 } }, null],
    ['a list of cursors', { version: 3, state_type: 'cursor_based', cursors: ['a'] }, null],
    [
      'a cursor that is a map',
      { version: 3, state_type: 'cursor_based', cursors: { a: {} } },
      null,
    ],
  ]
  for (const [name, raw, expected] of cases) {
    it(name, () => expect(parseStreamState(raw)).to.deep.equal(expected))
  }

  it('accepts an empty string as a cursor value of version 3', () => {
    const state = parseStreamState({ version: 3, state_type: 'cursor_based', cursors: { id: '' } })
    expect(state?.cursor).to.deep.equal({ ...PROGRESS, value: '' })
  })

  it('treats null keys as absent', () => {
    const keys = { ctid: null, relation_filenode: null, xmin: null, cursor_record_count: null }
    const raw = { ...SAVED, ...keys, horizon: null, marks: null, incremental_state: null }
    expect(parseStreamState(raw)).to.deep.equal({ ...NOTHING, type: 'cursor', cursor: PROGRESS })
  })

  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    it(`rejects state_type ${name}`, () => {
      expect(parseStreamState({ ...SAVED, state_type: name })).to.equal(null)
    })
  }

  for (const [what, keys] of [
    ['a version that is not known', { version: 4 }],
    ['a ctid beyond 32 bits', { ctid: '(4294967296,1)', relation_filenode: 5 }],
    ['a ctid without a file', { ctid: '(1,1)' }],
    ['a file that is no oid', { relation_filenode: 'x' }],
    ['a table that is no oid', { relation_oid: 'x' }],
    ['a horizon that is a list', { horizon: [] }],
    ['a horizon without xmin', { horizon: { xids: [], at: 1 } }],
    ['a horizon with an xmin that is text', { horizon: { xmin: 'x', xids: [], at: 1 } }],
    ['a horizon with an xmin beyond 64 bits', { horizon: { xmin: '18446744073709551616', at: 1 } }],
    ['a horizon without a time', { horizon: { xmin: '5', xids: [] } }],
    ['a horizon with a time that is text', { horizon: { xmin: '5', xids: [], at: 'now' } }],
    ['a horizon with xids that are no list', { horizon: { xmin: '5', xids: '6', at: 1 } }],
    ['an xid that is text', { horizon: { xmin: '5', xids: ["6')"], at: 1 } }],
    ['an xid beyond 32 bits', { horizon: { xmin: '5', xids: ['4294967296'], at: 1 } }],
    ['marks that are no list', { marks: {} }],
    ['a mark without a value', { marks: [{ at: 1 }] }],
    ['a mark without a time', { marks: [{ value: 1 }] }],
    ['a count that is text', { cursor_record_count: 'x' }],
    ['a count that is negative', { cursor_record_count: -1 }],
    ['cursors that are text', { cursors: 'id' }],
    ['an xmin that is negative', { xmin: -1 }],
    ['an xmin that is no integer', { xmin: 1.5 }],
    ['a nested state that is text', { incremental_state: 'x' }],
  ] as const) {
    it(`is null for ${what}`, () => {
      expect(parseStreamState({ ...SAVED, ...keys })).to.equal(null)
    })
  }
})
