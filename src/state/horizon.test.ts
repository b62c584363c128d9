import { expect } from 'chai'
import { notCoveredBy, isComparable, isSameHorizon } from './horizon.ts'

const SNAPSHOT = { xmin: 2n ** 32n + 90n, xmax: 2n ** 32n + 100n, atMs: 0 }

describe('isComparable', () => {
  for (const [name, xmin, expected] of [
    ['its own xmin', SNAPSHOT.xmin, true],
    ['an epoch behind by less than half the circle', SNAPSHOT.xmax - 2n ** 31n + 1n, true],
    ['half the circle behind', SNAPSHOT.xmax - 2n ** 31n, false],
    ['ahead: another server', SNAPSHOT.xmin + 1n, false],
  ] as const) {
    it(`${name} → ${expected}`, () => expect(isComparable({ xmin }, SNAPSHOT)).to.equal(expected))
  }
})

describe('notCoveredBy', () => {
  it('compares the low 32 bits of ids, and excludes what was visible', () => {
    expect(notCoveredBy({ xmin: 2n ** 32n + 7n, xids: ['8', '9'] })).to.equal(
      'pg_catalog.age(xmin) OPERATOR(pg_catalog.>=) 0::pg_catalog.int4' +
        " AND pg_catalog.age(xmin) OPERATOR(pg_catalog.<=) pg_catalog.age('7'::pg_catalog.xid)" +
        " AND xmin OPERATOR(pg_catalog.<>) ALL ('{8,9}'::pg_catalog.xid[])",
    )
  })
})

describe('isSameHorizon', () => {
  const horizon = { xmin: 5n, xids: ['6'], atMs: 1 }
  it('ignores the clock', () => {
    expect(isSameHorizon(horizon, { ...horizon, atMs: 2 })).to.equal(true)
  })
  it('differs after a transaction has ended', () => {
    expect(isSameHorizon(horizon, { ...horizon, xids: [] })).to.equal(false)
    expect(isSameHorizon(null, horizon)).to.equal(false)
  })
})
