import { expect } from 'chai'
import { stringifyExact } from '../../../json/json.ts'
import { buildGlobalState, passView } from './global-state.ts'
import type { Offset } from './offset.ts'

const VIEW = { text: '815:830:820,825', rowLsn: 100n, endLsn: 200n }
const OFFSET: Offset = {
  key: 'k',
  lsn: 199n,
  xid: null,
  commitUs: null,
  systemId: null,
  timeline: null,
  publicationOid: null,
  catalogSnapshot: null,
  removed: new Map(),
}

describe('buildGlobalState', () => {
  it('lists only streams that have started', () => {
    const scan = { page: 12, tuple: 0, filenode: 16402, leaf: null }
    const users = { name: 'users', namespace: 'public' }
    const state = buildGlobalState(OFFSET, [
      {
        descriptor: users,
        source: { relation: 16400, publicationEntries: [] },
        progress: { type: 'SNAPSHOT', scan, view: null },
      },
      {
        descriptor: { name: 'orders', namespace: 'public' },
        source: { relation: 16410, publicationEntries: [] },
        progress: null,
      },
    ])
    expect(JSON.parse(stringifyExact(state)) as unknown).to.deep.equal({
      shared_state: {
        state: { k: '{"transaction_id":null,"lsn":199,"lsn_proc":199,"lsn_commit":199}' },
      },
      stream_states: [
        {
          stream_descriptor: users,
          stream_state: {
            version: 2,
            state_type: 'ctid',
            ctid: '(12,0)',
            relation_filenode: 16402,
            incremental_state: {},
            relation_oid: 16400,
          },
        },
      ],
    })
  })
})

describe('passView', () => {
  it('keeps the view of the snapshot until the position has passed its end', () => {
    expect(passView({ type: 'LOG', view: VIEW }, 199n)).to.deep.equal({ type: 'LOG', view: VIEW })
    expect(passView({ type: 'LOG', view: VIEW }, 200n)).to.deep.equal({ type: 'LOG', view: null })
  })

  it('keeps it while the snapshot is being read, at any position', () => {
    const scan = { page: 1, tuple: 0, filenode: 1, leaf: null }
    const progress = { type: 'SNAPSHOT', scan, view: VIEW } as const
    expect(passView(progress, 300n)).to.equal(progress)
  })
})
