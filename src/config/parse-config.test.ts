import { expect } from 'chai'
import type { Config } from './config.ts'
import { parseConfig } from './parse-config.ts'
import { rejectionOf } from '../testing/rejected.ts'

const BASE = { host: 'localhost', database: 'shop', username: 'reader' }
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const KEY = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n'
const SERVER = { tunnel_host: 'bastion', tunnel_user: 'ops' }

const DEFAULT_CONFIG: Config = {
  host: 'localhost',
  port: 5432,
  database: 'shop',
  username: 'reader',
  password: '',
  entra: null,
  schemas: ['public'],
  table: null,
  query: null,
  syncMode: 'full_refresh',
  cursorField: null,
  primaryKey: [],
  ssl: {
    mode: 'prefer',
    caCertificate: null,
    clientCertificate: null,
    clientKey: null,
    clientKeyPassword: null,
  },
  tunnel: { method: 'NO_TUNNEL' },
  replicationMethod: 'Standard',
  cdc: null,
  serverOptions: null,
  applicationName: 'sqlflow',
  connectTimeoutMs: 10_000,
  timeoutMs: 300_000,
  minConnections: 1,
  maxConnections: 5,
  batchSize: 10_000,
  maxRetries: 3,
  checkPrivileges: true,
  checkpointIntervalMs: 300_000,
  lateCommitWindowMs: 3_600_000,
}

function configOf(raw: unknown): Config {
  return parseConfig(raw).config
}

describe('parseConfig: defaults', () => {
  it('requires only host, database and username', () => {
    expect(parseConfig(BASE)).to.deep.equal({ config: DEFAULT_CONFIG, warnings: [] })
  })

  it('freezes the config at every depth', () => {
    const config = configOf(BASE)
    for (const part of [config, config.ssl, config.tunnel, config.schemas, config.primaryKey]) {
      expect(Object.isFrozen(part)).to.equal(true)
    }
  })

  it('does not modify its argument', () => {
    const raw = { ...BASE, ssl_mode: { mode: 'verify_ca', ca_certificate: PEM }, schemas: [''] }
    const copy = structuredClone(raw)
    parseConfig(raw)
    expect(raw).to.deep.equal(copy)
    expect(Object.isFrozen(raw.schemas)).to.equal(false)
  })

  it('ignores unknown keys', () => {
    const raw = { ...BASE, _note: 'x', entra: true, ssl: true, ['__proto__']: { port: 1 } }
    expect(configOf(raw)).to.deep.equal(DEFAULT_CONFIG)
  })

  for (const [method, expected] of [
    ['Standard', 'full_refresh'],
    ['Xmin', 'incremental'],
  ] as const) {
    it(`reads ${expected} by default with ${method}, and what sync_mode is if it is given`, () => {
      const raw = { ...BASE, replication_method: { method } }
      expect(configOf(raw).syncMode).to.equal(expected)
      expect(configOf({ ...raw, sync_mode: 'full_refresh' }).syncMode).to.equal('full_refresh')
    })
  }

  it('warns of unknown keys, also inside objects', () => {
    const method = { method: 'CDC', replication_slot: 's', publication: 'p', queue_size: 1 }
    const raw = { ...BASE, shemas: ['a'], ssl_modes: 1, dbnam: 'a' }
    const ssl = { mode: 'disable', cert: PEM, 'client-key': PEM }
    const given = { ...raw, ssl_mode: ssl, replication_method: method }
    expect(parseConfig(given).warnings).to.deep.equal([
      "Parameter 'shemas' is unknown and is ignored. Did you mean 'schemas'?",
      "Parameter 'ssl_modes' is unknown and is ignored. Did you mean 'ssl_mode'?",
      "Parameter 'dbnam' is unknown and is ignored. Did you mean 'dbname'?",
      "Parameter 'ssl_mode.cert' is unknown and is ignored.",
      "Parameter 'ssl_mode.client-key' is unknown and is ignored. Did you mean 'ssl_mode.client_key'?",
      "Parameter 'replication_method.queue_size' is unknown and is ignored.",
    ])
  })

  for (const blank of [null, ''] as const) {
    it(`treats ${JSON.stringify(blank)} as absent`, () => {
      const names = ['port', 'password', 'table', 'query', 'cursor_field', 'ssl_mode', 'sslmode']
      const blanks = Object.fromEntries([...names, 'schema', 'dbname'].map((name) => [name, blank]))
      expect(parseConfig({ ...blanks, ...BASE })).to.deep.equal({
        config: DEFAULT_CONFIG,
        warnings: [],
      })
    })
  }
})

describe('parseConfig: columns and schemas', () => {
  for (const [raw, expected] of [
    [{ schema: 'Sales' }, { schemas: ['Sales'] }],
    [{ schema: 'a,b' }, { schemas: ['a,b'] }],
    [{ schemas: 'a' }, { schemas: ['a'] }],
    [{ schemas: ['a', ' ', '', null, 'b', 'a'] }, { schemas: ['a', 'b'] }],
    [{ schemas: [] }, { schemas: [] }],
    [{ schemas: [' '] }, { schemas: [] }],
    [{ schemas: null }, { schemas: ['public'] }],
    [{ schema: '' }, { schemas: ['public'] }],
    [{ schemas: [], schema: 'a' }, { schemas: ['a'] }],
    [{ cursor_field: ['updated_at'] }, { cursorField: 'updated_at' }],
    [{ cursor_field: [] }, { cursorField: null }],
    [{ primary_key: 'id' }, { primaryKey: ['id'] }],
    [{ primary_key: [['a'], ['b']] }, { primaryKey: ['a', 'b'] }],
    [
      { table: 't', query: 'SELECT 1' },
      { table: 't', query: 'SELECT 1' },
    ],
    [{ check_privileges: 'false' }, { checkPrivileges: false }],
    [{ late_commit_window_seconds: 0 }, { lateCommitWindowMs: 0 }],
    [{ max_retries: 0 }, { maxRetries: 0 }],
    [{ max_connections: 1 }, { minConnections: 1, maxConnections: 1 }],
    [{ max_db_connections: 1 }, { minConnections: 1, maxConnections: 2 }],
    [{ max_connections: 3, max_db_connections: 1 }, { maxConnections: 3 }],
    [{ sync_mode: 'incremental', replication_method: 'Xmin' }, { syncMode: 'incremental' }],
    [{ jdbc_url_params: 'options=-c%20a%3D1' }, { serverOptions: '-c a=1' }],
    [{ server_options: '-c a=1' }, { serverOptions: null }],
    [{ application_name: 'x' }, { applicationName: 'x' }],
  ] as const) {
    it(`${JSON.stringify(raw)} → ${JSON.stringify(expected)}`, () => {
      expect(configOf({ ...BASE, ...raw })).to.deep.include(expected)
    })
  }
})

describe('parseConfig: SSL', () => {
  for (const mode of ['disable', 'allow', 'prefer', 'require'] as const) {
    it(`accepts ${mode} as text under both names and as an object`, () => {
      for (const raw of [{ sslmode: mode }, { ssl_mode: mode }, { ssl_mode: { mode } }]) {
        expect(configOf({ ...BASE, ...raw }).ssl).to.deep.equal({ ...DEFAULT_CONFIG.ssl, mode })
      }
    })
  }

  for (const [word, mode] of [
    ['verify-ca', 'verify-ca'],
    ['verify_ca', 'verify-ca'],
    ['verify-full', 'verify-full'],
    ['verify_full', 'verify-full'],
  ] as const) {
    it(`accepts ${word} with a certificate, and rejects it without one`, () => {
      const expected = { ...DEFAULT_CONFIG.ssl, mode, caCertificate: PEM }
      for (const raw of [
        { sslmode: word, sslrootcert: PEM },
        { ssl_mode: word, sslrootcert: PEM },
        { ssl_mode: { mode: word, ca_certificate: PEM } },
      ]) {
        expect(configOf({ ...BASE, ...raw }).ssl).to.deep.equal(expected)
      }
      expect(rejectionOf({ ...BASE, sslmode: word })).to.equal(
        "Parameter 'ssl_mode.ca_certificate' (or 'sslrootcert') is required",
      )
    })
  }

  for (const mode of ['allow', 'prefer', 'require'] as const) {
    it(`accepts a client certificate with ${mode}`, () => {
      const certificates = { sslcert: PEM, sslkey: KEY, sslpassword: 'p' }
      expect(configOf({ ...BASE, sslmode: mode, ...certificates }).ssl).to.deep.equal({
        mode,
        caCertificate: null,
        clientCertificate: PEM,
        clientKey: KEY,
        clientKeyPassword: 'p',
      })
    })
  }

  for (const [given, warning] of [
    [
      { client_certificate: PEM },
      "'ssl_mode.client_certificate' is ignored because 'ssl_mode.client_key' is not given.",
    ],
    [
      { client_key: KEY, client_key_password: 'p' },
      "'ssl_mode.client_key' is ignored because 'ssl_mode.client_certificate' is not given.",
    ],
  ] as const) {
    it(`warns: ${warning}`, () => {
      const raw = { ...BASE, ssl_mode: { mode: 'require', ...given } }
      const { config, warnings } = parseConfig(raw)
      expect(config.ssl).to.deep.equal({ ...DEFAULT_CONFIG.ssl, mode: 'require' })
      expect(warnings).to.deep.equal([warning])
    })
  }

  it('rejects a file name in place of PEM text, with the name that the user wrote', () => {
    expect(rejectionOf({ ...BASE, sslmode: 'verify-ca', sslrootcert: '/root.crt' })).to.equal(
      "Parameter 'sslrootcert' must be PEM text that begins with '-----BEGIN', not a file name",
    )
  })

  it('rejects an ssl_mode without a mode', () => {
    expect(rejectionOf({ ...BASE, ssl_mode: { Mode: 'require' } })).to.equal(
      "Parameter 'ssl_mode.mode' (or 'sslmode') is required",
    )
  })
})

describe('parseConfig: SSH tunnel', () => {
  for (const [tunnel, expected] of [
    ['NO_TUNNEL', { method: 'NO_TUNNEL' }],
    [{ tunnel_method: 'NO_TUNNEL' }, { method: 'NO_TUNNEL' }],
    [{}, { method: 'NO_TUNNEL' }],
    [
      { tunnel_method: 'SSH_KEY_AUTH', ...SERVER, ssh_key: 'k', ssh_key_passphrase: 'p' },
      {
        method: 'SSH_KEY_AUTH',
        host: 'bastion',
        port: 22,
        user: 'ops',
        hostKeys: [],
        key: 'k',
        keyPassphrase: 'p',
      },
    ],
    [
      {
        tunnel_method: 'SSH_PASSWORD_AUTH',
        ...SERVER,
        tunnel_port: '2222',
        tunnel_user_password: 'p',
      },
      {
        method: 'SSH_PASSWORD_AUTH',
        host: 'bastion',
        port: 2222,
        user: 'ops',
        hostKeys: [],
        password: 'p',
      },
    ],
  ] as const) {
    it(`${JSON.stringify(tunnel)} → ${JSON.stringify(expected)}`, () => {
      expect(configOf({ ...BASE, tunnel_method: tunnel }).tunnel).to.deep.equal(expected)
    })
  }

  it('reports the parameters of a tunnel by their path', () => {
    const tunnel = { tunnel_method: 'SSH_KEY_AUTH', ...SERVER, tunnel_port: 'x' }
    expect(rejectionOf({ ...BASE, tunnel_method: tunnel }).split('; ')).to.have.members([
      "Parameter 'tunnel_method.ssh_key' is required",
      "Parameter 'tunnel_method.tunnel_port' must be an integer",
    ])
  })
})
