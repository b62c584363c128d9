import { expect } from 'chai'
import { ConnectorError } from '../../../errors.ts'
import { isJsonObject, type JsonObject, stringifyExact } from '../../../json/json.ts'
import { buildSharedState, type Offset, offsetKey, parseSharedState, storedLsn } from './offset.ts'

const KEY = '["shop",{"server":"shop"}]'
const OFFSET: Offset = {
  key: KEY,
  lsn: 26542079n,
  xid: 801,
  commitUs: 1700000100000000n,
  systemId: null,
  timeline: null,
  publicationOid: null,
  catalogSnapshot: null,
  removed: new Map(),
}

function shared(value: string, key = KEY): JsonObject {
  return { state: { [key]: value } }
}

describe('offsetKey', () => {
  for (const [database, key] of [
    ['shop', '["shop",{"server":"shop"}]'],
    ['a.b_c-D1', '["a.b_c-D1",{"server":"a.b_c-D1"}]'],
    ['my "db"', '["my \\"db\\"",{"server":"my__db_"}]'],
  ] as const) {
    it(`of ${database} is ${key}`, () => expect(offsetKey(database)).to.equal(key))
  }
})

describe('storedLsn', () => {
  it('differs from the LSN of every message: those of commits and transactions are multiples of 8', () => {
    expect(storedLsn(26542080n)).to.equal(26542079n)
    expect(storedLsn(26542080n) % 8n).not.to.equal(0n)
  })
})

describe('parseSharedState', () => {
  for (const [name, value, lsn] of [
    ['3.7, cold start', '{"transaction_id":null,"lsn":26510512,"txId":756,"ts_usec":1}', 26510512n],
    ['3.8, cold start', '{"lsn":512,"lsn_proc":512,"lsn_commit":512,"txId":756}', 512n],
    ['Debezium, in a transaction', '{"lsn":900,"lsn_proc":800,"lsn_commit":700}', 700n],
    ['Debezium, without a commit', '{"lsn":900,"lsn_proc":800}', 800n],
    ['Debezium, a null commit', '{"lsn":900,"lsn_proc":800,"lsn_commit":null}', 800n],
    ['beyond 2^53', '{"lsn":9007199254740993}', 9007199254740993n],
    ['old snapshot flags', '{"lsn":5,"snapshot":true,"last_snapshot_record":false}', 5n],
  ] as const) {
    it(`of ${name} resumes at ${lsn}`, () => {
      expect(parseSharedState(shared(value))?.lsn).to.equal(lsn)
    })
  }

  it('keeps a given key unchanged', () => {
    const key = '{"schema":null,"payload":["shop", {"server":"shop"}]}'
    const offset = parseSharedState(shared('{"lsn":5}', key))
    expect(offset?.key).to.equal(key)
    expect(Object.keys(objectOf(buildSharedState(offset!)['state']))).to.deep.equal([key])
  })

  it('is null for an empty object', () => expect(parseSharedState({})).to.equal(null))

  for (const [name, raw] of [
    ['no state', { lsn: 5 }],
    ['no entry', { state: {} }],
    ['two entries', { state: { a: '{"lsn":1}', b: '{"lsn":2}' } }],
    ['text that is not JSON', shared('x')],
    ['no position', shared('{"transaction_id":null}')],
    ['a position that is no number', shared('{"lsn":"x"}')],
    ['a list', shared('[1]')],
  ] as const) {
    it(`rejects a state with ${name}`, () => {
      expect(() => parseSharedState(raw))
        .to.throw(ConnectorError, 'The saved state is malformed')
        .with.property('failureType', 'config_error')
    })
  }
})

describe('buildSharedState', () => {
  it('writes the documented example', () => {
    expect(stringifyExact(buildSharedState(OFFSET))).to.equal(
      '{"state":{"[\\"shop\\",{\\"server\\":\\"shop\\"}]":"{\\"transaction_id\\":null,\\"lsn\\":26542079,' +
        '\\"lsn_proc\\":26542079,\\"lsn_commit\\":26542079,\\"txId\\":801,\\"ts_usec\\":1700000100000000}"}}',
    )
  })

  for (const [name, offset] of [
    ['all of it', { ...OFFSET, systemId: '7577', timeline: 3, publicationOid: 4294967295 }],
    ['none of the rest', { ...OFFSET, xid: null, commitUs: null }],
    ['beyond 2^53', { ...OFFSET, lsn: 2n ** 63n - 1n }],
    ['a snapshot of the catalogs', { ...OFFSET, catalogSnapshot: '765:768:765,767' }],
    ['removed streams', { ...OFFSET, removed: new Map([['public."t', 9n]]) }],
  ] as const) {
    it(`is parsed to an equal offset: ${name}`, () => {
      expect(parseSharedState(throughFile(buildSharedState(offset)))).to.deep.equal(offset)
    })
  }

  it('matches the format of the official readers: one entry, a flat object of primitives', () => {
    const removed = new Map([['public.t', 9n]])
    const offset = { ...OFFSET, systemId: '1', timeline: 3, publicationOid: 2, removed }
    const entries = Object.entries(objectOf(buildSharedState(offset)['state']))
    const [text] = entries.map(([, value]) => (typeof value === 'string' ? value : ''))
    const value = objectOf(JSON.parse(text ?? ''))
    expect(entries).to.have.length(1)
    for (const each of Object.values(value)) {
      expect(each === null || ['number', 'string', 'boolean'].includes(typeof each)).to.equal(true)
    }
    // Position of 3.8: the lower of lsn_proc and lsn_commit; of 3.7: lsn_commit, otherwise lsn
    expect([value['lsn'], value['lsn_proc'], value['lsn_commit']]).to.deep.equal([
      26542079, 26542079, 26542079,
    ])
    // Not MESSAGE, BEGIN, …: 3.7 would treat it as an event that was already processed
    expect(value).not.to.have.property('messageType')
  })
})

/** Converts a state like the state file. */
function throughFile(state: JsonObject): JsonObject {
  return objectOf(JSON.parse(stringifyExact(state)))
}

function objectOf(value: unknown): JsonObject {
  if (!isJsonObject(value)) throw new Error('not an object')
  return value
}
