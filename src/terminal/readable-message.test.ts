import { expect } from 'chai'
import { ConnectorError } from '../errors.ts'
import {
  errorTrace,
  logMessage,
  type Message,
  serializeMessage,
  streamStatus,
} from '../protocol/messages.ts'
import { CLEAR_LINE, readableMessage, terminalText } from './readable-message.ts'

describe('readableMessage', () => {
  it('labels errors and warnings, and omits everything else', () => {
    const error = new ConnectorError('config_error', "Parameter 'host' is required")
    expect(readableMessage(errorTrace(error, 0))).to.equal("error: Parameter 'host' is required")
    expect(readableMessage(logMessage('WARN', 'No index.'))).to.equal('warning: No index.')
    expect(readableMessage(logMessage('INFO', 'Health'))).to.equal(null)
    expect(readableMessage(streamStatus({ name: 't' }, 'COMPLETE', 0))).to.equal(null)
  })
})

describe('terminalText', () => {
  it('is plain text for what a user reads, without a stack trace, and JSON for the rest', () => {
    const error = new ConnectorError('config_error', "Parameter 'host' is required")
    expect(shown(errorTrace(error, 0))).to.equal("error: Parameter 'host' is required")
    expect(shown(logMessage('WARN', 'No index.'))).to.equal('warning: No index.')
    expect(shown(logMessage('INFO', 'Health'))).to.equal('Health')
    const status: Message = {
      type: 'CONNECTION_STATUS',
      connectionStatus: { status: 'FAILED', message: 'Could not connect' },
    }
    expect(shown(status)).to.equal('check: FAILED')
    const other = streamStatus({ name: 't' }, 'COMPLETE', 0)
    expect(shown(other)).to.equal(serializeMessage(other))
  })

  it('omits a health report before the first row, unless it is a warning', () => {
    expect(terminalText(report('INFO', 0))).to.equal(null)
    expect(shown(report('WARN', 0))).to.equal('warning: Health')
    expect(shown(report('INFO', 1))).to.equal('Health')
  })
})

function report(level: 'INFO' | 'WARN', rows: number): Message {
  return logMessage(level, 'Health', { metrics: { rows } })
}

function shown(message: Message): string | undefined {
  return terminalText(message)?.replace(CLEAR_LINE, '')
}
