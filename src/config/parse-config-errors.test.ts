import { expect } from 'chai'
import { parseConfig } from './parse-config.ts'
import { rejectionOf } from '../testing/rejected.ts'

const BASE = { host: 'localhost', database: 'shop', username: 'reader' }

describe('parseConfig: error messages', () => {
  for (const name of [
    'port',
    'connect_timeout',
    'min_connections',
    'max_connections',
    'max_db_connections',
    'batch_size',
    'timeout_seconds',
    'max_retries',
    'checkpoint_target_interval_seconds',
    'late_commit_window_seconds',
  ]) {
    for (const value of ['abc', '1.5', 2.5, true, [1]]) {
      it(`rejects ${JSON.stringify(value)} for ${name}, which must be an integer`, () => {
        const expected = `Parameter '${name}' must be an integer`
        expect(rejectionOf({ ...BASE, [name]: value })).to.equal(expected)
      })
    }
    it(`accepts ${name} as text`, () => {
      expect(() => parseConfig({ ...BASE, [name]: '4' })).not.to.throw()
    })
  }

  for (const [raw, expected] of [
    [{ host: 'h', username: 'u' }, "Either 'database' or 'dbname' parameter is required"],
    [{ host: 'h', dbname: '', user: 'u' }, "Either 'database' or 'dbname' parameter is required"],
    [{ host: 'h', database: 'd' }, "Either 'username' or 'user' parameter is required"],
    [{ host: 'h' }, "Missing required parameters: {'database', 'username'}"],
    [{ ...BASE, sync_mode: 'incremental' }, 'cursor_field is required for incremental sync_mode'],
    [
      { ...BASE, checkpoint_target_interval_seconds: 0 },
      'Checkpoint Target Interval should be positive',
    ],
    [
      { ...BASE, checkpoint_target_interval_seconds: '-5' },
      'Checkpoint Target Interval should be positive',
    ],
    [{ database: 'd', username: 'u' }, "Parameter 'host' is required"],
    [{ ...BASE, port: 0 }, "Parameter 'port' must be at least 1"],
    [{ ...BASE, port: '65536' }, "Parameter 'port' must be at most 65535"],
    [
      { ...BASE, min_connections: 6 },
      "Parameter 'min_connections' (6) must not be greater than 'max_connections' (5)",
    ],
    [
      { ...BASE, min_connections: 3, max_db_connections: 2 },
      "Parameter 'min_connections' (3) must not be greater than 'max_db_connections' (2)",
    ],
    [{ ...BASE, schema: 5 }, "Parameter 'schema' must be a list"],
    [{ ...BASE, cursor_field: ['a', 'b'] }, "Parameter 'cursor_field' must be a text"],
    [{ ...BASE, primary_key: [['a', 'b']] }, "Parameter 'primary_key.0' must be a text"],
    [null, 'The config must be a JSON object'],
    [[BASE], 'The config must be a JSON object'],
    ['host', 'The config must be a JSON object'],
  ] as const) {
    it(`${JSON.stringify(raw)}: ${expected}`, () => expect(rejectionOf(raw)).to.equal(expected))
  }

  it('reports all problems in one message', () => {
    expect(rejectionOf({ port: 'x', sync_mode: 'incremental' }).split('; ')).to.have.members([
      "Parameter 'host' is required",
      "Parameter 'port' must be an integer",
      "Missing required parameters: {'database', 'username'}",
      'cursor_field is required for incremental sync_mode',
    ])
  })

  it('never contains a value that could be a secret', () => {
    const hidden = 'hunter2'
    const message = rejectionOf({
      password: { hidden },
      port: hidden,
      dbname: [hidden, hidden],
      schema: { hidden },
      sync_mode: hidden,
      ssl_mode: { mode: hidden, client_key: hidden },
      tunnel_method: { tunnel_method: hidden },
      replication_method: hidden,
      sslkey: hidden,
    })
    expect(message).not.to.include(hidden)
    expect(message).to.include("Parameter 'password' must be a text")
  })
})
