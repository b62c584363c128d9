import { expect } from 'chai'
import { INVALID_CONFIG } from '../fixtures.ts'
import type { Outcome, Subject } from '../subject.ts'

/** The checks of the section `connection`. */
export function connectionSection(subject: () => Subject): void {
  describe('connection', () => {
    it('is said to work, once, when it does', async () => {
      const outcome = await subject().run('check', { config: subject().config })
      expect(outcome.code).to.equal(0)
      expect(statusesOf(outcome)).to.deep.equal(['SUCCEEDED'])
    })

    it('is said to fail, once and with exit code 0, when the password is wrong', async () => {
      const { password } = INVALID_CONFIG
      const outcome = await subject().run('check', { config: { ...subject().config, password } })
      expect(outcome.code).to.equal(0)
      expect(statusesOf(outcome)).to.deep.equal(['FAILED'])
      expect(errorsOf(outcome)).to.deep.equal(['config_error'])
    })

    it('does not show the password when it fails', async () => {
      const password = 'correct horse battery staple'
      const config = { ...subject().config, password }
      const { messages, stderr } = await subject().run('check', { config })
      expect(`${JSON.stringify(messages)}${stderr}`).not.to.contain(password)
    })

    it('is said to fail when the config is no config', async () => {
      const outcome = await subject().run('check', { config: { port: 'abc' } })
      expect(outcome.code).to.equal(0)
      expect(statusesOf(outcome)).to.deep.equal(['FAILED'])
    })

    it('is not tried without a config: a non-zero exit code and a reason', async () => {
      const { code, messages, stderr } = await subject().run('check')
      expect(code).not.to.equal(0)
      expect(messages).to.deep.equal([])
      expect(stderr).to.contain('config')
    })
  })
}

function statusesOf({ messages }: Outcome): string[] {
  return messages.flatMap(({ connectionStatus }) => connectionStatus?.status ?? [])
}

function errorsOf({ messages }: Outcome): (string | undefined)[] {
  return messages.flatMap(({ trace }) =>
    trace?.error === undefined ? [] : [trace.error.failure_type],
  )
}
