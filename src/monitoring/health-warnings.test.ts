import { expect } from 'chai'
import { findWarnings } from './health-warnings.ts'

const POOL = { min: 1, max: 5, size: 5, idle: 0, busy: 5, waiting: 0 }
const WELL = {
  pool: POOL,
  consumerShare: 0,
  wasSlow: false,
  lockWait: null,
  snapshotAgeMs: 0,
}
const MINUTE_MS = 60_000

describe('findWarnings', () => {
  for (const [signs, expected] of [
    [{}, ''],
    [{ pool: { ...POOL, waiting: 1 } }, 'pool_exhausted'],
    [{ consumerShare: 0.5 }, ''],
    [{ consumerShare: 0.51 }, 'slow_consumer'],
    [{ consumerShare: 0.26, wasSlow: true }, 'slow_consumer'],
    [{ consumerShare: 0.25, wasSlow: true }, ''],
    [{ lockWait: 'Lock: relation' }, 'lock_wait'],
    [{ snapshotAgeMs: 10 * MINUTE_MS }, ''],
    [{ snapshotAgeMs: 11 * MINUTE_MS }, 'old_snapshot'],
    [{ snapshotAgeMs: null }, ''],
  ] as const) {
    it(`${JSON.stringify(signs)} → ${expected || 'no warning'}`, () => {
      const names = findWarnings({ ...WELL, ...signs }).map(({ name }) => name)
      expect(names.join()).to.equal(expected)
    })
  }

  it('contains the kind of lock', () => {
    const [warning] = findWarnings({ ...WELL, lockWait: 'Lock: transactionid' })
    expect(warning?.text).to.equal(
      'the backend of the sync waits for Lock: transactionid, which another session holds',
    )
  })
})
