import { expect } from 'chai'
import { judgeBackend } from './backend-verdict.ts'

describe('judgeBackend', () => {
  it('a backend that no longer exists → lost', () => {
    expect(judgeBackend(undefined)).to.deep.equal({
      isAtWork: false,
      reason: 'its backend has ended',
    })
  })

  for (const [state, waitType, waitEvent, expected] of [
    ['active', null, null, null],
    ['active', 'Lock', 'relation', 'Lock: relation'],
    ['active', 'IO', 'DataFileRead', 'IO: DataFileRead'],
    ['active', 'Client', 'WalSenderWaitForWAL', 'Client: WalSenderWaitForWAL'],
    ['fastpath function call', null, null, null],
    ['disabled', null, null, null],
    [null, null, null, null],
  ] as const) {
    it(`${state}, ${waitType}: ${waitEvent} → active`, () => {
      const verdict = { isAtWork: true, waitsFor: expected }
      expect(judgeBackend({ state, waitType, waitEvent })).to.deep.equal(verdict)
    })
  }

  for (const [state, waitType, waitEvent] of [
    ['active', 'Client', 'ClientWrite'],
    ['active', 'Client', 'ClientRead'],
    ['idle', 'Client', 'ClientRead'],
    ['idle in transaction', 'Client', 'ClientRead'],
    ['idle in transaction (aborted)', null, null],
  ] as const) {
    it(`${state}, ${waitType}: ${waitEvent} → lost`, () => {
      expect(judgeBackend({ state, waitType, waitEvent }).isAtWork).to.equal(false)
    })
  }
})
