import { expect } from 'chai'
import { quoteInexactNumbers } from '../../../json/exact-json.ts'
import { isJsonObject, type JsonObject, stringifyExact } from '../../../json/json.ts'
import {
  buildProgress,
  parseProgress,
  parseSource,
  type StreamProgress,
} from './stream-progress.ts'

const USERS = { name: 'users', namespace: 'public' }
const VIEW = { text: '815:830:820,825', rowLsn: 26510512n, endLsn: 2n ** 60n + 1n }
const SCAN = { page: 12, tuple: 40, filenode: 16402, leaf: null }

describe('parseProgress', () => {
  const ctid = { ctid: '(12,40)', relation_filenode: 16402 }
  const named = { stream_name: 'users', stream_namespace: 'public' }
  const snapshot: StreamProgress = { type: 'SNAPSHOT', scan: SCAN, view: null }
  const log: StreamProgress = { type: 'LOG', view: null }
  const rows: readonly (readonly [string, JsonObject | null, StreamProgress | null])[] = [
    ['not listed', null, null],
    ['3.8.9, not started', {}, null],
    ['3.7, snapshot', { version: 2, state_type: 'ctid', ...ctid, incremental_state: {} }, snapshot],
    ['3.8, snapshot', { version: 3, state_type: 'ctid_based', ...ctid, cursors: {} }, snapshot],
    ['3.7, finished, before the log', { ...named, cursor_field: [] }, log],
    ['3.7, finished, after the log', { ...named, cursor_field: ['_ab_cdc_lsn'] }, log],
    ['3.8, finished', { version: 3, state_type: 'ctid_based', cursors: {} }, log],
    ['3.8, finished, nulls', { version: 3, state_type: 'ctid_based', ctid: null }, log],
    ['3.7, snapshot without a file', { version: 2, state_type: 'ctid', ctid: '(12,40)' }, null],
    ['3.7, snapshot without a ctid', { version: 2, state_type: 'ctid' }, null],
    ['of a cursor', { version: 3, state_type: 'cursor_based', cursors: { id: 1 } }, null],
    ['of a cursor of 3.7', { ...named, cursor_field: ['id'], cursor: '1' }, null],
    ['of xmin', { version: 3, state_type: 'xmin_based', xmin: 5 }, null],
  ]
  for (const [name, raw, expected] of rows) {
    it(`${name}: ${expected?.type ?? 'not started'}`, () => {
      expect(parseProgress(raw)).to.deep.equal(expected)
    })
  }

  it('ignores an incomplete view', () => {
    const state = { state_type: 'ctid_based', snapshot: { text: '1:1:' } }
    expect(parseProgress(state)).to.deep.equal(log)
  })
})

const SOURCE = { relation: 16400, publicationEntries: [16500, 16499] }

describe('buildProgress', () => {
  const progress: readonly (readonly [string, StreamProgress])[] = [
    ['a snapshot', { type: 'SNAPSHOT', scan: SCAN, view: VIEW }],
    ['a snapshot of a leaf', { type: 'SNAPSHOT', scan: { ...SCAN, leaf: '"a"."b"' }, view: VIEW }],
    ['a snapshot without its view', { type: 'SNAPSHOT', scan: SCAN, view: null }],
    ['the log', { type: 'LOG', view: null }],
    ['the log before its position has passed the snapshot', { type: 'LOG', view: VIEW }],
  ]
  for (const [name, each] of progress) {
    const state = buildProgress(USERS, each, SOURCE)
    const isRunning = each.type === 'SNAPSHOT'

    it(`is parsed to equal progress: ${name}`, () => {
      const stored: unknown = JSON.parse(quoteInexactNumbers(stringifyExact(state)))
      expect(isJsonObject(stored) && parseProgress(stored)).to.deep.equal(each)
      expect(isJsonObject(stored) && parseSource(stored)).to.deep.equal(SOURCE)
    })

    it(`is read correctly by 3.7, which treats any state but "ctid" as complete: ${name}`, () => {
      expect(state['state_type'] === 'ctid').to.equal(isRunning)
    })

    it(`is read correctly by 3.8, which treats ctid as an unfinished snapshot: ${name}`, () => {
      expect(typeof state['ctid'] === 'string').to.equal(isRunning)
      expect(state['version']).to.equal(isRunning ? 2 : 3)
      expect(Object.keys(state), '{} would be a cold start').not.to.have.length(0)
    })
  }

  it('writes a complete stream like 3.7', () => {
    expect(
      buildProgress(USERS, { type: 'LOG', view: null }, { ...SOURCE, publicationEntries: [] }),
    ).to.deep.equal({
      version: 3,
      state_type: 'ctid_based',
      stream_name: 'users',
      stream_namespace: 'public',
      cursors: {},
      cursor_field: [],
      relation_oid: 16400,
    })
  })
})
