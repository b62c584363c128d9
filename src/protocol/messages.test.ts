import { expect } from 'chai'
import { ConnectorError } from '../errors.ts'
import { JsonNumber } from '../json/json.ts'
import {
  errorTrace,
  logMessage,
  serializeMessage,
  stateMessage,
  streamEstimate,
  streamState,
  streamStatus,
} from './messages.ts'

const DESCRIPTOR = { name: 'users', namespace: 'public' }
const STREAM = '"stream_descriptor":{"name":"users","namespace":"public"}'

describe('logMessage', () => {
  it('has the same facts as a text and as an object', () => {
    expect(serializeMessage(logMessage('WARN', 'm', { rows: 1 }))).to.equal(
      '{"type":"LOG","log":{"level":"WARN","message":"m","health":{"rows":1}}}',
    )
    expect(serializeMessage(logMessage('INFO', 'm'))).to.equal(
      '{"type":"LOG","log":{"level":"INFO","message":"m"}}',
    )
  })
})

describe('streamStatus', () => {
  it('contains the stream and its status', () => {
    expect(serializeMessage(streamStatus(DESCRIPTOR, 'RUNNING', 7))).to.equal(
      `{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":7,"stream_status":{${STREAM},"status":"RUNNING"}}}`,
    )
  })
})

describe('streamEstimate', () => {
  it('contains the estimate of one stream', () => {
    expect(serializeMessage(streamEstimate(DESCRIPTOR, { rows: 3, bytes: 8192 }, 7))).to.equal(
      '{"type":"TRACE","trace":{"type":"ESTIMATE","emitted_at":7,"estimate":{"type":"STREAM",' +
        '"name":"users","namespace":"public","row_estimate":3,"byte_estimate":8192}}}',
    )
  })
})

describe('stateMessage', () => {
  it('has the record count as a number with a decimal point', () => {
    expect(serializeMessage(stateMessage(streamState(DESCRIPTOR, { version: 3 }), 12))).to.equal(
      `{"type":"STATE","state":{"type":"STREAM","stream":{${STREAM},"stream_state":{"version":3}},"sourceStats":{"recordCount":12.0}}}`,
    )
  })
})

describe('stateMessage of several streams', () => {
  it('has the shared state and the state of each stream, also of a stream without state', () => {
    const content = {
      type: 'GLOBAL',
      global: {
        shared_state: { lsn: 7 },
        stream_states: [{ stream_descriptor: DESCRIPTOR, stream_state: null }],
      },
    } as const
    expect(serializeMessage(stateMessage(content, 3))).to.equal(
      `{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{"lsn":7},"stream_states":[{${STREAM},"stream_state":null}]},"sourceStats":{"recordCount":3.0}}}`,
    )
  })
})

describe('serializeMessage', () => {
  it('prints every digit of integers beyond 2^53', () => {
    const state = { xmin: new JsonNumber('9223372036854775807') }
    expect(serializeMessage(stateMessage(streamState(DESCRIPTOR, state), 0))).to.include(
      '"xmin":9223372036854775807',
    )
  })

  it('does not change a string that looks like a number', () => {
    const state = streamState(DESCRIPTOR, { cursor: '12.0', other: ':1' })
    const line = serializeMessage(stateMessage(state, 0))
    expect(line).to.include('"cursor":"12.0","other":":1"')
  })

  it('is one line for any name', () => {
    const line = serializeMessage(streamStatus({ name: 'a\n"b"\u2028\\' }, 'STARTED', 0))
    expect(line).not.to.include('\n')
    expect(JSON.parse(line)).to.have.nested.property(
      'trace.stream_status.stream_descriptor.name',
      'a\n"b"\u2028\\',
    )
  })
})

describe('errorTrace', () => {
  it('has a message for the user, and the internal message and stack trace', () => {
    const place = { severity: 'FATAL', code: '28P01', file: 'auth.c', line: '3' }
    const cause = Object.assign(new Error('secret'), place)
    const error = new ConnectorError('config_error', 'Check the password.', { cause })
    const { type, trace } = JSON.parse(serializeMessage(errorTrace(error, 7)))
    expect(type).to.equal('TRACE')
    expect(trace).to.deep.include({ type: 'ERROR', emitted_at: 7 })
    expect(trace.error).to.deep.include({
      failure_type: 'config_error',
      message: 'Check the password.',
      internal_message: 'server error 28P01 at auth.c:3 (?)',
    })
    expect(trace.error.stack_trace).to.include('messages.test').and.not.include('secret')
    expect(trace.error).not.to.have.property('stream_descriptor')
  })

  it('has no internal message that repeats the message', () => {
    const error = new ConnectorError('config_error', 'Check the password.')
    const { trace } = JSON.parse(serializeMessage(errorTrace(error, 7)))
    expect(trace.error).not.to.have.property('internal_message')
  })

  it('contains the stream to which the error belongs', () => {
    const stream = { name: 't', namespace: 'public' }
    const error = ConnectorError.ofStream(stream, new Error('x'))
    const { trace } = JSON.parse(serializeMessage(errorTrace(error, 7)))
    expect(trace.error.stream_descriptor).to.deep.equal(stream)
  })
})
