import { expect } from 'chai'
import { isJsonObject, JsonNumber, type JsonObject } from '../json/json.ts'
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

  it('writes the xmin of the xmin method as a number', () => {
    const state = buildStreamState({ ...NOTHING, type: 'xmin', xmin: 2n ** 40n })
    expect(state['xmin']).to.deep.equal(new JsonNumber('1099511627776'))
  })

  it('is parsed to an equal state', () => {
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
      oid: 16401,
    }
    expect(parseStreamState(throughJson(buildStreamState(state)))).to.deep.equal(state)
  })

  it('is parsed to an equal state without partitions', () => {
    const scan = { page: 7, tuple: 0, filenode: 16402, leaf: null }
    const state: StreamState = { ...NOTHING, scan, filenode: 16402 }
    expect(parseStreamState(throughJson(buildStreamState(state)))).to.deep.equal(state)
  })
})

function throughJson(state: JsonObject): JsonObject {
  const parsed: unknown = JSON.parse(JSON.stringify(state))
  if (!isJsonObject(parsed)) throw new Error('a state is an object')
  return parsed
}
