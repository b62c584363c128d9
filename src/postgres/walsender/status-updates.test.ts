import { expect } from 'chai'
import { statusIntervalMs, statusUpdate } from './status-updates.ts'

describe('statusUpdate', () => {
  it('is the message of the documentation in a CopyData frame', () => {
    const status = { received: 2n ** 63n, flushed: 258n, isReplyRequested: true }
    const bytes = statusUpdate(status, Date.UTC(2000, 0, 1) + 1.4)
    expect(bytes.toString('hex')).to.equal(
      ['64', '00000026', '72', '8000000000000000', '0000000000000102', '0000000000000102']
        .concat(['00000000000003e8', '01'])
        .join(''),
    )
  })
})

describe('statusIntervalMs', () => {
  for (const [timeoutMs, intervalMs] of [
    [60_000, 10_000],
    [6000, 2000],
    [0, 10_000],
    [30_000, 10_000],
  ] as const) {
    it(`${timeoutMs} → ${intervalMs}`, () => {
      expect(statusIntervalMs(timeoutMs)).to.equal(intervalMs)
    })
  }
})
