import { expect } from 'chai'
import type { Json } from '../helpers/messages.ts'
import { Consumer } from '../helpers/consumer.ts'
import { filledTable } from './official-table.ts'

/** Every key of the official connector's version 3 → a check of its value. */
const OFFICIAL_V3_KEYS: Readonly<Record<string, (value: unknown) => boolean>> = {
  version: (value) => value === 3,
  state_type: (value) => ['ctid_based', 'cursor_based', 'xmin_based'].includes(String(value)),
  stream_name: (value) => value === '',
  stream_namespace: (value) => value === '',
  ctid: (value) => /^\(\d+,\d+\)$/.test(String(value)),
  relation_filenode: (value) => Number.isSafeInteger(value),
  cursors: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  xmin: (value) => Number.isSafeInteger(value),
}

/** Keys that a reader would treat as version 2. */
const V2_ONLY_KEYS = [
  'cursor',
  'cursor_field',
  'incremental_state',
  'num_wraparound',
  'xmin_xid_value',
  'xmin_raw_value',
]

describe('the states of the connector', () => {
  for (const [what, method, choice] of [
    ['by cursor', {}, { cursorField: 'changed' }],
    ['by xmin', { replication_method: { method: 'Xmin' } }, { syncMode: 'incremental' }],
    ['of a full refresh', {}, { syncMode: 'full_refresh' }],
  ] as const) {
    it(`${what} have the keys of version 3, and others that no official version has`, async () => {
      await using table = await filledTable()
      const config = { batch_size: 100, ...method }
      await using consumer = await Consumer.create(
        table.database,
        [{ name: 't', ...choice }],
        config,
      )
      await using open = await table.begin(table.insert(9001, 9001))
      const { messages } = await consumer.sync()
      await table.commit(table.insert(9002, 9002))
      await open.sql('COMMIT')
      const later = (await consumer.sync()).messages
      const states = [...messages, ...later].flatMap(({ state }) => {
        const value = state?.stream?.stream_state
        return value === undefined ? [] : [value]
      })
      expect(states.length).to.be.greaterThan(5)
      for (const state of states) expectCompatible(state)
    })
  }
})

function expectCompatible(state: Json): void {
  const text = JSON.stringify(state)
  expect(state, text).to.include.keys(
    'version',
    'state_type',
    'stream_name',
    'stream_namespace',
    'cursors',
  )
  for (const [key, value] of Object.entries(state)) {
    expect(OFFICIAL_V3_KEYS[key]?.(value) ?? true, `${key} in ${text}`).to.equal(true)
    expect(V2_ONLY_KEYS, text).not.to.include(key)
  }
  const isInProgress = state['ctid'] !== undefined
  if (state['state_type'] === 'xmin_based') expect(state, text).to.have.property('xmin')
  if (isInProgress) expect(state, text).to.include({ state_type: 'ctid_based' })
  if (isInProgress) expect(state, text).to.have.property('relation_filenode')
}
