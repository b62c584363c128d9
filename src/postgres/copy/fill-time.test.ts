import { expect } from 'chai'
import { fillTimeMs } from './fill-time.ts'

const MEBIBYTE = 1024 * 1024

describe('fillTimeMs', () => {
  for (const [received, read, expected, why] of [
    [8192, 8192, 0, 'the rows of a small stream are passed on at once'],
    [MEBIBYTE, 8192, 0, 'so is the first mebibyte of a large one'],
    [MEBIBYTE + 1, 8192, 2, 'the socket was emptied'],
    [MEBIBYTE + 1, 128 * 1024 - 1, 2, 'the socket was emptied'],
    [MEBIBYTE + 1, 128 * 1024, 0, 'there is more in the socket'],
    [2 ** 40, 256 * 1024, 0, 'there is more in the socket'],
  ] as const) {
    it(`${read} of ${received} bytes → ${expected} ms: ${why}`, () => {
      expect(fillTimeMs(received, read)).to.equal(expected)
    })
  }
})
