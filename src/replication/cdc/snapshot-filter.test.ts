import { expect } from 'chai'
import { SnapshotFilter, widenXid } from './snapshot-filter.ts'

const EPOCH = 2n ** 32n

describe('widenXid', () => {
  for (const [xid, near, expected] of [
    [825, 830n, 825n],
    [835, 830n, 835n],
    [5, EPOCH - 1n, EPOCH + 5n],
    [0xffff_ffff, EPOCH + 3n, EPOCH - 1n],
    [0xffff_fff0, 3n * EPOCH, 3n * EPOCH - 16n],
    [0x8000_0000, EPOCH, EPOCH - EPOCH / 2n],
    [0x7fff_ffff, EPOCH, EPOCH + EPOCH / 2n - 1n],
  ] as const) {
    it(`${xid} near ${near} is ${expected}`, () => {
      expect(widenXid(xid, near)).to.equal(expected)
    })
  }
})

describe('SnapshotFilter', () => {
  for (const [text, xid, shows] of [
    ['815:830:820,825', 814, true],
    ['815:830:820,825', 815, true],
    ['815:830:820,825', 820, false],
    ['815:830:820,825', 821, true],
    ['815:830:820,825', 825, false],
    ['815:830:820,825', 829, true],
    ['815:830:820,825', 830, false],
    ['815:830:820,825', 900, false],
    ['822:822:', 821, true],
    ['822:822:', 822, false],
    [`${EPOCH - 2n}:${EPOCH + 4n}:${EPOCH + 1n}`, 0xffff_fffd, true],
    [`${EPOCH - 2n}:${EPOCH + 4n}:${EPOCH + 1n}`, 1, false],
    [`${EPOCH - 2n}:${EPOCH + 4n}:${EPOCH + 1n}`, 3, true],
    [`${EPOCH - 2n}:${EPOCH + 4n}:${EPOCH + 1n}`, 4, false],
  ] as const) {
    it(`${text} ${shows ? 'shows' : 'does not show'} ${xid}`, () => {
      expect(new SnapshotFilter(text).shows(xid)).to.equal(shows)
    })
  }

  for (const text of ['', '1', '1:2', '1:2:x', '1:2:3,', 'a:b:']) {
    it(`${JSON.stringify(text)} is not a snapshot`, () => {
      expect(() => new SnapshotFilter(text)).to.throw(RangeError, 'not a snapshot')
    })
  }
})
