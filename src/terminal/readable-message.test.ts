import { expect } from 'chai'
import { ConnectorError } from '../errors.ts'
import { errorTrace, logMessage, streamStatus } from '../protocol/messages.ts'
import { readableMessage } from './readable-message.ts'

describe('readableMessage', () => {
  it('labels errors and warnings, and omits everything else', () => {
    const error = new ConnectorError('config_error', "Parameter 'host' is required")
    expect(readableMessage(errorTrace(error, 0))).to.equal("error: Parameter 'host' is required")
    expect(readableMessage(logMessage('WARN', 'No index.'))).to.equal('warning: No index.')
    expect(readableMessage(logMessage('INFO', 'Health'))).to.equal(null)
    expect(readableMessage(streamStatus({ name: 't' }, 'COMPLETE', 0))).to.equal(null)
  })
})
