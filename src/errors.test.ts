import { expect } from 'chai'
import { ConnectorError, describeCause, errorCode } from './errors.ts'

const SECRET = 'row value 4711'

function failure(code: string, message = 'the message'): Error {
  return Object.assign(new Error(message), { code })
}

describe('ConnectorError', () => {
  for (const [code, failureType] of [
    ['08006', 'transient_error'],
    ['25P03', 'config_error'],
    ['25P04', 'transient_error'],
    ['28P01', 'config_error'],
    ['3D000', 'config_error'],
    ['3F000', 'config_error'],
    ['40001', 'transient_error'],
    ['40P01', 'transient_error'],
    ['42501', 'config_error'],
    ['42P01', 'config_error'],
    ['53300', 'transient_error'],
    ['55000', 'config_error'],
    ['55P03', 'transient_error'],
    ['57014', 'transient_error'],
    ['57P01', 'transient_error'],
    ['57P04', 'config_error'],
    ['58030', 'transient_error'],
    ['22012', 'config_error'],
    ['22P05', 'config_error'],
    ['53400', 'transient_error'],
    ['57P03', 'transient_error'],
    ['P0001', 'system_error'],
    ['XX000', 'system_error'],
    ['ECONNRESET', 'transient_error'],
    ['EPIPE', 'transient_error'],
    ['ENOENT', 'system_error'],
  ] as const) {
    it(`${code} → ${failureType}`, () => {
      const cause = failure(code)
      const error = ConnectorError.from(cause)
      expect(error.failureType).to.equal(failureType)
      expect(error.cause).to.equal(cause)
    })
  }

  it('is kept as it is', () => {
    const error = new ConnectorError('config_error', 'Do this.')
    expect(ConnectorError.from(error)).to.equal(error)
  })

  it('shows what the server says of objects and privileges', () => {
    const { message } = ConnectorError.from(failure('42501', 'permission denied for table t'))
    expect(message).to.equal(
      'The server says: permission denied for table t (SQLSTATE 42501). GRANT what is missing to the role.',
    )
  })

  for (const [cause, code, remedy] of [
    ['temp_file_limit', '53400', 'Raise temp_file_limit'],
    ['a recovery conflict', '40001', 'max_standby_streaming_delay'],
    ['a missing privilege', '42501', 'GRANT'],
    ['a statement timeout', '57014', 'statement_timeout'],
    ['recovery', '57P03', 'run the sync again'],
    ['the timeout of idle transactions', '25P03', 'idle_in_transaction_session_timeout'],
    ['too many clients', '53300', 'max_connections'],
  ] as const) {
    it(`${cause}: says what to do`, () => {
      expect(ConnectorError.from(failure(code)).message).to.include(remedy)
    })
  }

  for (const code of ['22P02', '22012', '23505', '42601', 'P0001', 'XX000']) {
    it(`${code}: does not quote the server, whose message may hold values or SQL`, () => {
      const { message } = ConnectorError.from(failure(code, `wrong: "${SECRET}"`))
      expect(message).to.include(code).and.not.include(SECRET)
    })
  }

  for (const thrown of ['text', 5, null, undefined, { code: 7 }, new Error('no code')]) {
    it(`${JSON.stringify(thrown)} → a system_error`, () => {
      expect(ConnectorError.from(thrown).failureType).to.equal('system_error')
    })
  }
})

describe('errorCode', () => {
  for (const [error, expected] of [
    [failure('42P01'), '42P01'],
    [{ code: 5 }, null],
    [{}, null],
    [null, null],
    ['42P01', null],
  ] as const) {
    it(`${JSON.stringify(error)} → ${expected}`, () => {
      expect(errorCode(error)).to.equal(expected)
    })
  }
})

describe('describeCause', () => {
  it('says of a server error where it arose, and nothing that it says', () => {
    const place = { file: 'acl.c', line: '12', routine: 'aclcheck_error', detail: SECRET }
    const cause = Object.assign(failure('22P02', SECRET), place)
    const error = new ConnectorError('config_error', 'Do this.', { cause })
    const { internalMessage, stackTrace } = describeCause(error)
    expect(internalMessage).to.equal(
      'ConnectorError: Do this. ← server error 22P02 at acl.c:12 (aclcheck_error)',
    )
    expect(stackTrace).not.to.include(SECRET)
    expect(stackTrace).to.match(/^ {4}at /)
  })

  it('has no frames of the message when that has several lines', () => {
    const { stackTrace } = describeCause(new Error(`first\n${SECRET}`))
    expect(stackTrace).not.to.include(SECRET)
  })

  it('takes what is not an error', () => {
    expect(describeCause('text')).to.deep.equal({ internalMessage: 'text', stackTrace: '' })
  })
})
