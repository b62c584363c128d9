import { expect } from 'chai'
import { ConnectorError, describeCause, errorCode, isTransient } from './errors.ts'

const SECRET = 'row value 4711'

/** Builds an error like that of pg for an ErrorResponse, or that of Node.js for an errno. */
function failure(code: string, message = 'the message', fields: object = {}): Error {
  const isErrno = /^E[A-Z]+$/.test(code)
  return Object.assign(new Error(message), {
    code,
    ...(!isErrno && { severity: 'ERROR' }),
    ...fields,
  })
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
    ['21000', 'config_error'],
    ['23514', 'config_error'],
    ['54000', 'config_error'],
    ['58P01', 'config_error'],
    ['HV000', 'config_error'],
    ['HV00N', 'config_error'],
    ['P0001', 'config_error'],
    ['P0002', 'config_error'],
    ['XX001', 'config_error'],
    ['XX000', 'system_error'],
    ['ECONNRESET', 'transient_error'],
    ['EPIPE', 'transient_error'],
    ['ENOENT', 'system_error'],
    ['EPERM', 'system_error'],
    ['EBUSY', 'system_error'],
  ] as const) {
    it(`${code} → ${failureType}`, () => {
      const cause = failure(code)
      const error = ConnectorError.from(cause)
      expect(error.failureType).to.equal(failureType)
      expect(error.cause).to.equal(cause)
    })
  }

  it('returns a ConnectorError unchanged', () => {
    const error = new ConnectorError('config_error', 'Do this.')
    expect(ConnectorError.from(error)).to.equal(error)
  })

  it("contains the server's message about objects and privileges", () => {
    const { message } = ConnectorError.from(failure('42501', 'permission denied for table t'))
    expect(message).to.equal(
      'The server reported: permission denied for table t (SQLSTATE 42501). GRANT what is missing to the role.',
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
    it(`${cause}: contains a remedy`, () => {
      expect(ConnectorError.from(failure(code)).message).to.include(remedy)
    })
  }

  for (const code of ['22P02', '22012', '23505', '42601', 'P0001', 'XX000']) {
    it(`${code}: omits the server's message, which may contain values or SQL`, () => {
      const { message } = ConnectorError.from(failure(code, `wrong: "${SECRET}"`))
      expect(message).to.include(code).and.not.include(SECRET)
    })
  }

  for (const [code, message] of [
    ['21000', 'more than one row returned by a subquery used as an expression'],
    ['40001', 'could not serialize access due to concurrent update'],
    ['53400', 'temporary file size exceeds temp_file_limit (1024kB)'],
    ['55000', 'materialized view "mv" has not been populated'],
    ['57P01', 'terminating connection due to administrator command'],
    ['58P01', 'could not open file "/data.csv" for reading: No such file or directory'],
    ['HV00N', 'could not connect to server "elsewhere"'],
    ['XX001', 'invalid page in block 7 of relation base/5/16384'],
  ] as const) {
    it(`${code}: contains the first line of the server's message and the SQLSTATE`, () => {
      const { message: shown } = ConnectorError.from(failure(code, `${message}\n${SECRET}`))
      expect(shown).to.include(`The server reported: ${message} (SQLSTATE ${code}).`)
      expect(shown).not.to.include(SECRET)
    })
  }

  for (const code of ['38000', '54000', '23514', 'HV000', 'HV00L', 'P0000', 'P0004', 'ZZ999']) {
    it(`${code}: omits the server's message and describes the failure`, () => {
      const { message } = ConnectorError.from(failure(code, `wrong: "${SECRET}"`))
      expect(message).to.include(`SQLSTATE ${code}.`).and.not.include(SECRET)
    })
  }

  for (const code of ['42P01', '42703', '42704', '42883']) {
    it(`${code}: contains the server's message only for a name in the statement`, () => {
      const text = `"${SECRET}" does not exist`
      const parsed = ConnectorError.from(failure(code, text, { position: '15' }))
      expect(parsed.message).to.include(text)
      expect(ConnectorError.from(failure(code, text)).message).not.to.include(SECRET)
    })
  }

  for (const routine of ['exec_stmt_raise', 'PLy_elog_impl', 'pgfdw_report_error']) {
    it(`omits the message of ${routine} for every SQLSTATE`, () => {
      const { message } = ConnectorError.from(failure('55000', SECRET, { routine }))
      expect(message).to.equal('The server rejected the query with SQLSTATE 55000.')
    })
  }

  it('does not take an errno for an SQLSTATE', () => {
    const { message } = ConnectorError.from(failure('EPERM', 'connect EPERM 127.0.0.1:5432'))
    expect(message).to.equal('Internal error: connect EPERM 127.0.0.1:5432')
  })

  it('is the error of the block if its disposal also fails', async () => {
    const cause = failure('57P01')
    const work = async (): Promise<void> => {
      await using _ = { [Symbol.asyncDispose]: () => Promise.reject(new Error('later')) }
      throw cause
    }
    const error = await work().catch((thrown: unknown) => thrown)
    expect(ConnectorError.from(error)).to.include({ failureType: 'transient_error', cause })
    expect(isTransient(error)).to.equal(true)
    expect(describeCause(error).internalMessage).to.include('server error 57P01')
  })

  it('ends the run if it is final, although a later run may succeed', () => {
    const error = new ConnectorError('transient_error', 'the message', { isFinal: true })
    expect(isTransient(error)).to.equal(false)
  })

  for (const thrown of ['text', 5, null, undefined, { code: 7 }, new Error('no code')]) {
    it(`${JSON.stringify(thrown)} → a system_error`, () => {
      expect(ConnectorError.from(thrown).failureType).to.equal('system_error')
    })
  }
})

describe('ConnectorError.ofStream', () => {
  const STREAM = { name: 't', namespace: 'public' }
  it('adds the stream and keeps everything else', () => {
    const cause = failure('57P01')
    const error = ConnectorError.ofStream({ ...STREAM }, cause)
    expect(error).to.include({ failureType: 'transient_error', cause, isFinal: false })
    expect(error.stream).to.deep.equal(STREAM)
    const final = new ConnectorError('config_error', 'Do this.', { isFinal: true })
    expect(ConnectorError.ofStream(STREAM, final)).to.include({
      message: 'Do this.',
      isFinal: true,
    })
  })

  it('keeps the stream of an error that already has one', () => {
    const error = ConnectorError.ofStream(STREAM, new Error('x'))
    expect(ConnectorError.ofStream({ name: 'other' }, error)).to.equal(error)
  })
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
  it("describes a server error by its place in the server's source, without its message", () => {
    const place = { file: 'acl.c', line: '12', routine: 'aclcheck_error', detail: SECRET }
    const cause = Object.assign(failure('22P02', SECRET), place)
    const error = new ConnectorError('config_error', 'Do this.', { cause })
    const { internalMessage, stackTrace } = describeCause(error)
    expect(internalMessage).to.equal('server error 22P02 at acl.c:12 (aclcheck_error)')
    expect(stackTrace).not.to.include(SECRET)
    expect(stackTrace).to.match(/^ {4}at /)
  })

  it('removes every line of a message with several lines from the stack trace', () => {
    const { stackTrace } = describeCause(new Error(`first\n${SECRET}`))
    expect(stackTrace).not.to.include(SECRET)
  })

  it('does not repeat the message for the user', () => {
    const cause = new ConnectorError('config_error', 'Do this.')
    const error = new ConnectorError('config_error', 'Do this. Do that.', { cause })
    expect(describeCause(error).internalMessage).to.equal(null)
  })

  it('accepts a value that is not an error', () => {
    expect(describeCause('text')).to.deep.equal({ internalMessage: 'text', stackTrace: '' })
  })
})
