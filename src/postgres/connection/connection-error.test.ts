import { expect } from 'chai'
import { parseConfig } from '../../config/parse-config.ts'
import { ConnectorError } from '../../errors.ts'
import { connectionError } from './connection-error.ts'

const PASSWORD = 'pa55word-4711'
const { config } = parseConfig({
  host: 'db.example',
  port: 5433,
  database: 'shop',
  username: 'reader',
  password: PASSWORD,
})

const SERVER = {
  major: 18,
  version: 'PostgreSQL 18',
  encoding: 'UTF8',
  blockBytes: 8192,
  isInRecovery: false,
  isPooled: false,
  freeConnections: 96,
  lockTableSize: 6400,
}
const ATTEMPT = { encryption: 'plain', held: 0, server: null } as const

describe('connectionError', () => {
  for (const [code, failureType, ...names] of [
    ['ECONNREFUSED', 'config_error', 'db.example', '5433'],
    ['ENOTFOUND', 'config_error', 'db.example'],
    ['EAI_AGAIN', 'transient_error', 'db.example'],
    ['ETIMEDOUT', 'config_error', 'db.example', '5433', '10 s', 'connect_timeout'],
    ['EHOSTUNREACH', 'config_error', 'db.example'],
    ['ENETUNREACH', 'config_error', 'db.example'],
    ['ECONNRESET', 'transient_error', 'db.example', '5433'],
    ['28P01', 'config_error', 'reader', 'password'],
    ['28000', 'config_error', 'reader', 'shop', 'pg_hba.conf'],
    ['3D000', 'config_error', 'shop'],
    ['42501', 'config_error', 'reader', 'shop', 'CONNECT'],
    ['53300', 'transient_error', 'the sync has 0 and needs up to 5', 'max_connections', 'reader'],
    ['08P01', 'transient_error', 'PgBouncer', 'shop', 'reader'],
    ['57P03', 'transient_error', 'starting up'],
  ] as const) {
    it(`${code} → ${failureType} with ${names.join(', ')}`, () => {
      const cause = Object.assign(new Error(`no ${PASSWORD}`), { code })
      const error = connectionError(cause, config, ATTEMPT)
      expect(error.failureType).to.equal(failureType)
      expect(error.message).to.match(/^Failed to create connection pool: .*\.$/)
      for (const name of names) expect(error.message).to.include(name)
      expect(error.message).not.to.include(PASSWORD)
      expect(error.cause).to.equal(cause)
    })
  }

  for (const code of [
    'ECONNREFUSED',
    'ENOTFOUND',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'ENETUNREACH',
  ] as const) {
    it(`${code} after a connection that succeeded → transient_error`, () => {
      const cause = Object.assign(new Error(code), { code })
      const inTunnel = new ConnectorError('config_error', 'The SSH tunnel …', { cause })
      const server = { ...SERVER, maxConnections: 100, roleLimit: null, databaseLimit: null }
      for (const reason of [cause, inTunnel]) {
        const { failureType } = connectionError(reason, config, { ...ATTEMPT, server })
        expect(failureType).to.equal('transient_error')
      }
    })
  }

  it('keeps the type of an error with a remedy', () => {
    const cause = new ConnectorError('config_error', 'Turn TLS on.')
    const error = connectionError(cause, config, ATTEMPT)
    expect(error.failureType).to.equal('config_error')
    expect(error.message).to.equal('Failed to create connection pool: Turn TLS on.')
  })

  it('53300 contains every known limit', () => {
    const cause = Object.assign(new Error('too many'), { code: '53300' })
    const server = { ...SERVER, maxConnections: 100, roleLimit: 2, databaseLimit: 7 }
    const { message } = connectionError(cause, config, { ...ATTEMPT, held: 2, server })
    expect(message).to.include(
      'the sync has 2 and needs up to 5 (max_connections of the config); the server has 100 for all clients, the role may have 2, the database 7.',
    )
  })
})
