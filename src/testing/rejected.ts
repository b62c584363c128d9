import { expect } from 'chai'
import { ConnectorError } from '../errors.ts'
import { parseConfig } from '../config/parse-config.ts'

/** Returns the message with which a config is rejected. @throws Error if it is accepted. */
export function rejectionOf(raw: unknown): string {
  try {
    parseConfig(raw)
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error
    expect(error.failureType).to.equal('config_error')
    return error.message
  }
  throw new Error('nothing was rejected')
}
