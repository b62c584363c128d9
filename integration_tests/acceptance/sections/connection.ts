import { expect } from 'chai'
import { INVALID_CONFIG } from '../fixtures.ts'
import type { Outcome, Subject } from '../subject.ts'

/** The checks of the section `connection`. */
export function connectionSection(subject: () => Subject): void {
  describe('connection', () => {
    it('succeeds with one message for a valid config', async () => {
      const outcome = await subject().run('check', { config: subject().config })
      expect(outcome.code).to.equal(0)
      expect(statusesOf(outcome)).to.deep.equal(['SUCCEEDED'])
    })

    it('fails with one message and exit code 0 if the password is wrong', async () => {
      const { password } = INVALID_CONFIG
      const outcome = await subject().run('check', { config: { ...subject().config, password } })
      expect(outcome.code).to.equal(0)
      expect(statusesOf(outcome)).to.deep.equal(['FAILED'])
      expect(errorsOf(outcome)).to.deep.equal(['config_error'])
    })

    it('does not print the password if it fails', async () => {
      const password = 'correct horse battery staple'
      const config = { ...subject().config, password }
      const { messages, stderr } = await subject().run('check', { config })
      expect(`${JSON.stringify(messages)}${stderr}`).not.to.contain(password)
    })

    it('fails if the config is not valid', async () => {
      const outcome = await subject().run('check', { config: { port: 'abc' } })
      expect(outcome.code).to.equal(0)
      expect(statusesOf(outcome)).to.deep.equal(['FAILED'])
    })

    it('requires a config: without one, it exits with an error message and a non-zero code', async () => {
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
