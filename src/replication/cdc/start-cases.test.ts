import { expect } from 'chai'
import { ConnectorError } from '../../errors.ts'
import type { Slot } from '../../introspection/replication/slot.ts'
import { LOG_FACTS as FACTS, SLOT } from '../../testing/log-facts.ts'
import { bytesBetween, decideStart, type Situation } from './start-cases.ts'
import type { Offset } from './state/offset.ts'

const OFFSET: Offset = {
  key: 'k',
  lsn: 0x2000n,
  xid: null,
  commitUs: null,
  systemId: '7577',
  timeline: 2,
  publicationOid: 16402,
  catalogSnapshot: null,
  removed: new Map(),
}
const SITUATION: Situation = {
  slotName: 's',
  major: 16,
  facts: FACTS,
  timelines: new Map([[1, 0x1800n]]),
  publicationOid: 16402,
  offset: OFFSET,
  onInvalidPosition: 'FAIL',
}

function withSlot(slot: Partial<Slot>): Partial<Situation> {
  return { facts: { ...FACTS, slot: { ...SLOT, ...slot } } }
}

function withOffset(offset: Partial<Offset>): Partial<Situation> {
  return { offset: { ...OFFSET, ...offset } }
}

const NO_STATE = { offset: null }
const CREATE = "SELECT pg_create_logical_replication_slot('s', 'pgoutput');"
const INVALIDATED = `the server has removed the log that it needs. 28.7 kB of changes since the state are lost. Run: SELECT pg_drop_replication_slot('s'); ${CREATE} Then clear the data of the connection. Raise max_slot_wal_keep_size or sync more often to keep it from happening again.`

/** Errors that do not depend on invalid_cdc_cursor_position_behavior. */
const UNUSABLE: readonly (readonly [string, Partial<Situation>, string])[] = [
  [
    '1. no slot',
    { facts: { ...FACTS, slot: null } },
    `Replication slot "s" does not exist. Run: ${CREATE} Changes since the saved state are lost: then clear the data of the connection.`,
  ],
  [
    '1. no slot and no state',
    { facts: { ...FACTS, slot: null }, ...NO_STATE },
    `Replication slot "s" does not exist. Run: ${CREATE}`,
  ],
  [
    '1. no slot, on a server whose slots survive a failover',
    { facts: { ...FACTS, slot: null }, ...NO_STATE, major: 17 },
    `Replication slot "s" does not exist. Run: SELECT pg_create_logical_replication_slot('s', 'pgoutput', false, false, true);`,
  ],
  [
    '2. physical slot',
    withSlot({ type: 'physical', plugin: null, database: null }),
    `Replication slot "s" is a physical slot. Choose another replication_slot and run: SELECT pg_create_logical_replication_slot('<name>', 'pgoutput');`,
  ],
  [
    '3. other plugin',
    withSlot({ plugin: 'test_decoding' }),
    `Replication slot "s" has the plugin test_decoding, not pgoutput. Choose another replication_slot and run: SELECT pg_create_logical_replication_slot('<name>', 'pgoutput');`,
  ],
  [
    '4. other database',
    withSlot({ database: 'other' }),
    'Replication slot "s" belongs to database "other", not to "shop". Choose another replication_slot.',
  ],
  [
    '5. copy of a slot of the primary',
    {
      facts: { ...FACTS, isStandby: true, slot: { ...SLOT, isSynced: true, isTemporary: true } },
      major: 17,
    },
    `Replication slot "s" is synchronized from the primary, and cannot be read on a standby. Set host to the primary, or choose another replication_slot and run on the standby: SELECT pg_create_logical_replication_slot('<name>', 'pgoutput');`,
  ],
  [
    '6. temporary slot',
    withSlot({ isTemporary: true }),
    'Replication slot "s" is temporary: it is dropped with the session that created it. Choose another replication_slot.',
  ],
  [
    '7. two-phase slot',
    withSlot({ isTwoPhase: true }),
    `Replication slot "s" was created with two_phase, and sends transactions before they are committed. Run: SELECT pg_drop_replication_slot('s'); ${CREATE} Changes since the saved state are lost: then clear the data of the connection.`,
  ],
  [
    '8. unfinished slot',
    withSlot({ confirmedFlushLsn: null }),
    'Replication slot "s" is still being created: it waits for the end of older transactions. End them, or wait until the statement has returned.',
  ],
  [
    '9. lost slot, PostgreSQL 18',
    withSlot({ walStatus: 'lost', invalidationReason: 'wal_removed' }),
    `Replication slot "s" is invalidated (wal_removed): ${INVALIDATED}`,
  ],
  [
    '9. lost slot and no state',
    { ...withSlot({ walStatus: 'lost', restartLsn: null }), ...NO_STATE },
    `Replication slot "s" is invalidated (lost): ${INVALIDATED.replace('28.7 kB of changes since the state', '32.8 kB of changes since its position')}`,
  ],
  [
    '9. lost slot, PostgreSQL 13',
    withSlot({ walStatus: 'lost', restartLsn: null }),
    `Replication slot "s" is invalidated (lost): ${INVALIDATED}`,
  ],
  [
    '9. lost slot that was idle',
    withSlot({ walStatus: 'lost', invalidationReason: 'idle_timeout' }),
    `Replication slot "s" is invalidated (idle_timeout): ${INVALIDATED.replace('the server has removed the log that it needs', 'no process read from it for longer than idle_replication_slot_timeout').replace('max_slot_wal_keep_size', 'idle_replication_slot_timeout')}`,
  ],
  [
    '9. lost slot of a standby, PostgreSQL 16',
    withSlot({ walStatus: 'lost', isConflicting: true }),
    `Replication slot "s" is invalidated (lost): ${INVALIDATED.replace('the server has removed the log that it needs', 'the primary has removed rows of the system catalogs that it needs').replace('Raise max_slot_wal_keep_size or sync more often', 'Set hot_standby_feedback to on and let the standby use a physical slot of the primary')}`,
  ],
  [
    '9. lost slot, PostgreSQL 12',
    withSlot({ walStatus: null, restartLsn: null }),
    `Replication slot "s" is invalidated (wal_removed): ${INVALIDATED}`,
  ],
]

const INVALID: readonly (readonly [string, Partial<Situation>, string])[] = [
  [
    '10. other server',
    withOffset({ systemId: '1' }),
    'The saved state is of another server: its system identifier is 1, that of the server 7577.',
  ],
  [
    '11. state ahead of the log',
    withOffset({ lsn: 0x9001n + 1_234_567n }),
    "The saved state is at 0/136688, ahead of the server's log, which ends at 0/9000. The server was restored or replaced, or a failover lost 1.2 MB of its log.",
  ],
  [
    '12. other timeline',
    withOffset({ timeline: 1 }),
    'The saved state is at 0/2000 of timeline 1, which the server left at 0/1800 for timeline 2. A failover or a restore lost 2.0 kB of its log.',
  ],
  [
    '12. other timeline, of another branch',
    withOffset({ timeline: 3 }),
    'The saved state is at 0/2000 of timeline 3, and the server is on timeline 2, which does not follow it. The server was restored or replaced.',
  ],
  [
    '13. state behind the slot',
    withOffset({ lsn: 0xfffn }),
    'Replication slot "s" has advanced beyond the saved state: it is at 0/1000, the state at 0/FFF. 1 bytes of changes in between are lost. The slot was re-created, or another consumer reads it.',
  ],
  [
    '14. other publication',
    withOffset({ publicationOid: 1 }),
    'The publication was dropped and re-created since the saved state: changes in between are lost.',
  ],
]

const USABLE: readonly (readonly [string, Partial<Situation>, string])[] = [
  ['a state', {}, 'CONTINUE'],
  ['a state at the slot', withOffset({ lsn: 0x1000n }), 'CONTINUE'],
  ['a state at the end of the log', withOffset({ lsn: 0x9000n }), 'CONTINUE'],
  ['a state at the end of its timeline', withOffset({ timeline: 1, lsn: 0x1800n }), 'CONTINUE'],
  [
    'a server without the history of its timeline',
    { ...withOffset({ timeline: 1 }), timelines: null },
    'CONTINUE',
  ],
  [
    'an official state',
    withOffset({ systemId: null, timeline: null, publicationOid: null }),
    'CONTINUE',
  ],
  ['a server whose identifier cannot be read', { facts: { ...FACTS, systemId: null } }, 'CONTINUE'],
  ['an extended slot', withSlot({ walStatus: 'extended' }), 'CONTINUE'],
  ['a slot about to be lost', withSlot({ walStatus: 'unreserved' }), 'CONTINUE'],
  ['no state', NO_STATE, 'COLD_START'],
]

describe('decideStart', () => {
  for (const [name, change, message] of UNUSABLE) {
    for (const onInvalidPosition of ['FAIL', 'RESYNC'] as const) {
      it(`${name}, ${onInvalidPosition}: ${message}`, () => {
        expect(() => decideStart({ ...SITUATION, ...change, onInvalidPosition }))
          .to.throw(ConnectorError)
          .that.includes({ failureType: 'config_error', message })
      })
    }
  }

  for (const [name, change, message] of INVALID) {
    it(`${name}, FAIL: ${message}`, () => {
      const remedy =
        'Clear the data of the connection to read all streams from the start, or set invalid_cdc_cursor_position_behavior to "Re-sync data".'
      expect(() => decideStart({ ...SITUATION, ...change }))
        .to.throw(ConnectorError)
        .that.includes({ failureType: 'config_error', message: `${message} ${remedy}` })
    })

    it(`${name}, RESYNC: a cold start`, () => {
      const start = decideStart({ ...SITUATION, ...change, onInvalidPosition: 'RESYNC' })
      expect(start).to.deep.equal({ type: 'COLD_START', reason: message })
    })
  }

  for (const [name, change, type] of USABLE) {
    it(`${name}: ${type}`, () => {
      expect(decideStart({ ...SITUATION, ...change }).type).to.equal(type)
    })
  }
})

describe('bytesBetween', () => {
  for (const [bytes, text] of [
    [0n, '0 bytes'],
    [999n, '999 bytes'],
    [1000n, '1.0 kB'],
    [123_456_789n, '123.5 MB'],
    [5n * 10n ** 15n, '5000.0 TB'],
  ] as const) {
    it(`${bytes} → ${text}`, () => expect(bytesBetween(8n, 8n + bytes)).to.equal(text))
  }
})
