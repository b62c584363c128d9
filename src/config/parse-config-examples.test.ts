import { expect } from 'chai'
import type { Config } from './config.ts'
import { parseConfig } from './parse-config.ts'
import { rejectionOf } from '../testing/rejected.ts'

const BASE = { host: 'localhost', database: 'shop', username: 'reader' }

function configOf(raw: unknown): Config {
  return parseConfig(raw).config
}

describe('parseConfig: the example configs', () => {
  const orders = { sync_mode: 'incremental', primary_key: ['order_id'], table: 'orders' }
  for (const [name, raw, expected] of [
    [
      'legacy names',
      {
        host: 'h',
        port: 5432,
        dbname: 'ecommerce',
        user: 'u',
        password: 'p',
        ...orders,
        cursor_field: 'updated_at',
      },
      {
        database: 'ecommerce',
        username: 'u',
        password: 'p',
        syncMode: 'incremental',
        cursorField: 'updated_at',
        primaryKey: ['order_id'],
        table: 'orders',
      },
    ],
    [
      'industry-standard names',
      {
        host: 'h',
        port: 5432,
        database: 'ecommerce',
        username: 'u',
        password: 'p',
        schema: 'public',
        ...orders,
        cursor_field: 'updated_at',
        sslmode: 'prefer',
        batch_size: 10000,
        timeout_seconds: 300,
        max_retries: 3,
      },
      { schemas: ['public'], batchSize: 10000, timeoutMs: 300_000, maxRetries: 3 },
    ],
    [
      'a basic config',
      {
        host: 'localhost',
        database: 'ecommerce',
        username: 'ro',
        password: 'p',
        table: 'customers',
      },
      { table: 'customers', syncMode: 'full_refresh' },
    ],
    [
      'a custom query with a qualified cursor',
      {
        ...BASE,
        schema: 'analytics',
        query: 'SELECT o.* FROM orders o',
        sync_mode: 'incremental',
        cursor_field: 'o.updated_at',
      },
      {
        schemas: ['analytics'],
        query: 'SELECT o.* FROM orders o',
        cursorField: 'o.updated_at',
      },
    ],
    [
      'production',
      {
        host: 'prod-db.company.com',
        port: 5432,
        database: 'production',
        username: 'etl_user',
        password: 'p',
        schema: 'orders',
        table: 'order_items',
        sync_mode: 'incremental',
        cursor_field: 'modified_at',
        primary_key: ['order_id', 'item_id'],
        sslmode: 'require',
        min_connections: 2,
        max_connections: 10,
        batch_size: 5000,
        timeout_seconds: 600,
        connect_timeout: 30,
      },
      {
        ssl: {
          mode: 'require',
          caCertificate: null,
          clientCertificate: null,
          clientKey: null,
          clientKeyPassword: null,
        },
        primaryKey: ['order_id', 'item_id'],
        minConnections: 2,
        maxConnections: 10,
        batchSize: 5000,
        timeoutMs: 600_000,
        connectTimeoutMs: 30_000,
      },
    ],
    [
      'the migration from Airbyte',
      {
        host: 'localhost',
        port: 5432,
        database: 'ecommerce',
        username: 'user',
        password: 'pass',
        sync_mode: 'incremental',
        cursor_field: 'updated_at',
      },
      { syncMode: 'incremental', cursorField: 'updated_at', password: 'pass' },
    ],
  ] as const) {
    it(`accepts ${name}`, () => {
      const { config, warnings } = parseConfig(raw)
      expect(config).to.deep.include(expected)
      expect(warnings).to.deep.equal([])
    })
  }

  it('prefers the canonical names and warns without the values', () => {
    const { config, warnings } = parseConfig({
      host: 'localhost',
      dbname: 'legacy_db',
      database: 'standard_db',
      user: 'legacy_user',
      username: 'standard_user',
      password: 'pass',
    })
    expect(config).to.include({ database: 'standard_db', username: 'standard_user' })
    expect(warnings).to.deep.equal([
      "'database' and 'dbname' are both given: 'dbname' is ignored.",
      "'username' and 'user' are both given: 'user' is ignored.",
    ])
  })

  it('uses the alias if the canonical parameter is empty', () => {
    const raw = { host: 'h', database: '', dbname: 'd', username: null, user: 'u' }
    expect(configOf(raw)).to.include({ database: 'd', username: 'u' })
    expect(parseConfig(raw).warnings).to.deep.equal([])
  })
})

describe('parseConfig: both generations of the official connector', () => {
  const tunnel = {
    tunnel_method: 'SSH_KEY_AUTH',
    tunnel_host: 'bastion',
    tunnel_port: 22,
    tunnel_user: 'ops',
    ssh_key: '...',
  }
  const newest = {
    host: 'db',
    port: 5432,
    database: 'shop',
    username: 'ab',
    password: 'x',
    schemas: ['public'],
    ssl_mode: { mode: 'verify-ca', ca_certificate: '-----BEGIN CERTIFICATE-----...' },
    tunnel_method: tunnel,
    check_privileges: true,
    checkpoint_target_interval_seconds: 300,
    max_db_connections: 4,
  }
  const cdc = { method: 'CDC', replication_slot: 's', publication: 'p' }

  it('accepts a config in the style of 3.8', () => {
    const config = configOf({ ...newest, replication_method: { method: 'Xmin' } })
    expect(config).to.include({ replicationMethod: 'Xmin', maxConnections: 5 })
    expect(config.ssl).to.include({
      mode: 'verify-ca',
      caCertificate: '-----BEGIN CERTIFICATE-----...',
    })
    expect(config.tunnel).to.deep.equal({
      method: 'SSH_KEY_AUTH',
      host: 'bastion',
      port: 22,
      user: 'ops',
      hostKeys: [],
      key: '...',
      keyPassphrase: null,
    })
  })

  it('accepts a config in the style of 3.7', () => {
    const raw = {
      ...BASE,
      ssl_mode: { mode: 'prefer' },
      replication_method: { method: 'Standard' },
    }
    expect(configOf(raw)).to.deep.equal(configOf(BASE))
  })

  for (const [word, expected] of [
    ['Standard', 'Standard'],
    ['standard', 'Standard'],
    ['Xmin', 'Xmin'],
  ] as const) {
    it(`accepts the plain text ${word} as replication_method`, () => {
      expect(configOf({ ...BASE, replication_method: word }).replicationMethod).to.equal(expected)
    })
  }

  for (const method of [
    cdc,
    { ...cdc, method: 'cdc' },
    { ...cdc, plugin: 'pgoutput', queue_size: 10000, initial_waiting_seconds: '1200' },
    {
      ...cdc,
      plugin: 'wal2json',
      debezium_shutdown_timeout_seconds: 60,
      heartbeat_action_query: '',
    },
  ]) {
    it(`reads ${JSON.stringify(method)} as the defaults of CDC`, () => {
      const config = configOf({ ...newest, replication_method: method })
      expect(config.replicationMethod).to.equal('CDC')
      expect(config.cdc).to.deep.equal({
        slot: 's',
        publication: 'p',
        initialWaitingMs: 1_200_000,
        acknowledges: 'GIVEN',
        heartbeatActionQuery: null,
        onInvalidPosition: 'FAIL',
        initialLoadTimeoutMs: 28_800_000,
      })
    })
  }

  it('reads every parameter of CDC', () => {
    const all = {
      ...cdc,
      initial_waiting_seconds: 300,
      lsn_commit_behaviour: 'While reading Data',
      heartbeat_action_query: ' UPDATE heartbeat SET at = now() ',
      invalid_cdc_cursor_position_behavior: 'Re-sync data',
      initial_load_timeout_hours: 24,
    }
    expect(configOf({ ...newest, replication_method: all }).cdc).to.deep.equal({
      slot: 's',
      publication: 'p',
      initialWaitingMs: 300_000,
      acknowledges: 'EMITTED',
      heartbeatActionQuery: 'UPDATE heartbeat SET at = now()',
      onInvalidPosition: 'RESYNC',
      initialLoadTimeoutMs: 86_400_000,
    })
  })

  it('requires slot and publication', () => {
    expect(rejectionOf({ ...newest, replication_method: 'CDC' })).to.equal(
      "Parameter 'replication_method.replication_slot' is required; Parameter 'replication_method.publication' is required",
    )
  })
})
