import { expect } from 'chai'
import { isJsonObject, JsonNumber, type JsonObject } from '../json/json.ts'
import { buildStreamState, parseStreamState, type StreamState } from './stream-state.ts'

const NOTHING: StreamState = {
  type: 'ctid',
  scan: null,
  cursor: null,
  horizon: null,
  xmin: null,
  filenode: null,
}
const PROGRESS = { field: 'id', value: '42', recordCount: null, marks: [] }

describe('buildStreamState', () => {
  it('writes the keys of version 3 in every state', () => {
    expect(buildStreamState(NOTHING)).to.deep.equal({
      version: 3,
      state_type: 'ctid_based',
      stream_name: '',
      stream_namespace: '',
      cursors: {},
    })
  })

  it('puts the xmin of the xmin method in as a number', () => {
    const state = buildStreamState({ ...NOTHING, type: 'xmin', xmin: 2n ** 40n })
    expect(state['xmin']).to.deep.equal(new JsonNumber('1099511627776'))
  })

  it('is read back as it was', () => {
    const state: StreamState = {
      type: 'ctid',
      scan: { page: 7, tuple: 0, filenode: 16402, leaf: '"public"."p1"' },
      cursor: {
        field: 'a.b',
        value: 'x',
        recordCount: 3,
        marks: [{ value: 'w', atMs: 1_700_000_000_000 }],
      },
      horizon: { xmin: 2n ** 33n, xids: ['5', '6'], atMs: 1_700_000_000_001 },
      xmin: null,
      filenode: null,
    }
    expect(parseStreamState(throughJson(buildStreamState(state)))).to.deep.equal(state)
  })

  it('is read back as it was, without partitions', () => {
    const scan = { page: 7, tuple: 0, filenode: 16402, leaf: null }
    const state: StreamState = { ...NOTHING, scan, filenode: 16402 }
    expect(parseStreamState(throughJson(buildStreamState(state)))).to.deep.equal(state)
  })
})

describe('parseStreamState', () => {
  it('reads what has just been built, without a file between', () => {
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
      'a blank cursor is none',
      { version: 2, state_type: 'cursor_based', cursor_field: ['id'], cursor: '' },
      { ...NOTHING, type: 'cursor' },
    ],
    ['a ctid that is none', { version: 3, state_type: 'ctid_based', ctid: 'x' }, null],
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
})

function throughJson(state: JsonObject): JsonObject {
  const parsed: unknown = JSON.parse(JSON.stringify(state))
  if (!isJsonObject(parsed)) throw new Error('a state is an object')
  return parsed
}
