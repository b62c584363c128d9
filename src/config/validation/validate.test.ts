import { expect } from 'chai'
import { validate } from './validate.ts'
import type { Values } from '../values.ts'

const CDC = { method: 'CDC', replication_slot: 's', publication: 'p' }

function problemsOf(values: Values): readonly string[] {
  return validate({ host: 'h', ...values }, (path) => path).problems
}

describe('validate', () => {
  it('returns the values if there is no problem', () => {
    const values = { host: 'h', unknown: { key: 1 } }
    expect(validate(values, String)).to.deep.equal({ valid: values, problems: [] })
  })

  it('reports a missing host', () => {
    expect(validate({}, String)).to.deep.equal({
      valid: null,
      problems: ["Parameter 'host' is required"],
    })
  })

  for (const [values, expected] of [
    [{ host: 7 }, "Parameter 'host' must be a text"],
    [{ port: 0 }, "Parameter 'port' must be at least 1"],
    [{ port: 65536 }, "Parameter 'port' must be at most 65535"],
    [{ port: 1.5 }, "Parameter 'port' must be an integer"],
    [{ schemas: 7 }, "Parameter 'schemas' must be a list"],
    [{ schemas: [7] }, "Parameter 'schemas.0' must be a text"],
    [{ schemas: ['a', 'a'] }, "Parameter 'schemas' must not repeat an entry"],
    [{ check_privileges: 1 }, "Parameter 'check_privileges' must be true or false"],
    [{ sync_mode: 'x' }, "Parameter 'sync_mode' must be one of: full_refresh, incremental"],
    [{ ssl_mode: 7 }, "Parameter 'ssl_mode' must be an object"],
    [{ ssl_mode: {} }, "Parameter 'ssl_mode.mode' (or 'sslmode') is required"],
    [
      { ssl_mode: { mode: 'x' } },
      "Parameter 'ssl_mode.mode' must be one of: disable, allow, prefer, require, verify-ca, verify-full",
    ],
    [
      { ssl_mode: { mode: 'verify-full' } },
      "Parameter 'ssl_mode.ca_certificate' (or 'sslrootcert') is required",
    ],
    [
      { replication_method: { method: 'WAL' } },
      "Parameter 'replication_method.method' must be one of: CDC, Xmin, Standard",
    ],
    [
      { replication_method: { method: 'CDC', replication_slot: 's' } },
      "Parameter 'replication_method.publication' is required",
    ],
    [
      { replication_method: { method: 'CDC', publication: 'p' } },
      "Parameter 'replication_method.replication_slot' is required",
    ],
    [
      { replication_method: { ...CDC, lsn_commit_behaviour: 'x' } },
      "Parameter 'replication_method.lsn_commit_behaviour' must be one of: While reading Data, After loading Data in the destination",
    ],
    [
      { replication_method: { ...CDC, invalid_cdc_cursor_position_behavior: 'x' } },
      "Parameter 'replication_method.invalid_cdc_cursor_position_behavior' must be one of: Fail sync, Re-sync data",
    ],
    [
      { replication_method: { ...CDC, initial_waiting_seconds: 0 } },
      "Parameter 'replication_method.initial_waiting_seconds' must be at least 1",
    ],
    [{ checkpoint_target_interval_seconds: 0 }, 'Checkpoint Target Interval should be positive'],
    [{ timeout_seconds: 2147484 }, "Parameter 'timeout_seconds' must be at most 2147483"],
  ] as const) {
    it(`${JSON.stringify(values)}: ${expected}`, () => {
      expect(problemsOf(values)).to.deep.equal([expected])
    })
  }

  it('reports all problems of the selected branch, and only those', () => {
    expect(
      problemsOf({ tunnel_method: { tunnel_method: 'SSH_PASSWORD_AUTH', tunnel_port: 'x' } }),
    ).to.have.members([
      "Parameter 'tunnel_method.tunnel_host' is required",
      "Parameter 'tunnel_method.tunnel_user' is required",
      "Parameter 'tunnel_method.tunnel_user_password' is required",
      "Parameter 'tunnel_method.tunnel_port' must be an integer",
    ])
  })

  it('uses the name that the user wrote', () => {
    const { problems } = validate({ host: 'h', schemas: 7 }, () => 'schema')
    expect(problems).to.deep.equal(["Parameter 'schema' must be a list"])
  })
})
