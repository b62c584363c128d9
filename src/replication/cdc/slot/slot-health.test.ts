import { expect } from 'chai'
import type { LogFacts, Slot } from '../../../introspection/replication/slot.ts'
import { LOG_FACTS, SLOT as LOG_SLOT } from '../../../testing/log-facts.ts'
import { slotHealth } from './slot-health.ts'

const MB = 2 ** 20
const SLOT: Slot = { ...LOG_SLOT, restartLsn: 1000n, confirmedFlushLsn: 2000n }
const FACTS: LogFacts = { ...LOG_FACTS, endLsn: 5000n, slot: SLOT }
const USAGE = { keepLimitBytes: null, spilledTransactions: 3, spilledBytes: 4 }
const TEN_GB = 10n * 2n ** 30n

describe('slotHealth', () => {
  for (const [slot, keepLimitBytes, endLsn, expected] of [
    [{}, null, 5000n, ''],
    [{ safeWalBytes: 20 * MB }, 100 * MB, 5000n, ''],
    [{ safeWalBytes: 20 * MB - 1 }, 100 * MB, 5000n, 'slot_at_risk'],
    [{ walStatus: 'extended', safeWalBytes: 90 * MB }, 100 * MB, 5000n, ''],
    [{ walStatus: 'unreserved', safeWalBytes: -5 }, 100 * MB, 5000n, 'slot_at_risk'],
    [{ walStatus: 'lost', restartLsn: null }, 100 * MB, 5000n, 'slot_lost'],
    [{ invalidationReason: 'idle_timeout' }, null, 5000n, 'slot_lost'],
    [{}, null, 1000n + TEN_GB, ''],
    [{}, null, 1001n + TEN_GB, 'slot_retains_log'],
    [{ safeWalBytes: 2 ** 40 }, 2 ** 41, 1001n + TEN_GB, ''],
  ] as const) {
    it(`${JSON.stringify(slot)}, limit ${keepLimitBytes}, end ${endLsn} → ${expected || 'no warning'}`, () => {
      const facts = { ...FACTS, endLsn, slot: { ...SLOT, ...slot } }
      const { warnings } = slotHealth('s', facts, { ...USAGE, keepLimitBytes })
      expect(warnings.map(({ name }) => name).join()).to.equal(expected)
    })
  }

  for (const [idleS, expected] of [
    [null, ''],
    [20, ''],
    [21, 'slot_at_risk'],
  ] as const) {
    it(`idle for ${idleS} s of 60 → ${expected || 'nothing'}`, () => {
      const facts = { ...FACTS, idleSlotTimeoutS: 60, idleS }
      const { warnings } = slotHealth('s', facts, USAGE)
      expect(warnings.map(({ name }) => name).join()).to.equal(expected)
    })
  }

  it('has the figures of the slot', () => {
    expect(slotHealth('s', FACTS, USAGE).facts['replication_slot']).to.deep.equal({
      name: 's',
      active: false,
      wal_status: 'reserved',
      retained_bytes: 4000,
      lag_bytes: 3000,
      safe_wal_bytes: null,
      keep_limit_bytes: null,
      spilled_transactions: 3,
      spilled_bytes: 4,
    })
  })
})
