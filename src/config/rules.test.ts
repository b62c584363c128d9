import { expect } from 'chai'
import { ruleProblems } from './rules.ts'

const BASE = { database: 'd', username: 'u' }

describe('ruleProblems', () => {
  for (const [values, expected] of [
    [BASE, []],
    [{ username: 'u' }, ["Either 'database' or 'dbname' parameter is required"]],
    [{ database: 'd' }, ["Either 'username' or 'user' parameter is required"]],
    [{}, ["Missing required parameters: {'database', 'username'}"]],
    [{ ...BASE, sync_mode: 'incremental' }, ['cursor_field is required for incremental sync_mode']],
    [{ ...BASE, sync_mode: 'incremental', cursor_field: 'a' }, []],
    [{ ...BASE, sync_mode: 'incremental', replication_method: { method: 'Xmin' } }, []],
    [{ ...BASE, sync_mode: 'incremental', replication_method: { method: 'CDC' } }, []],
    [{ ...BASE, min_connections: 5, max_connections: 5 }, []],
    [
      { ...BASE, min_connections: 6, max_connections: 5 },
      ["Parameter 'min_connections' (6) must not be greater than 'max_connections' (5)"],
    ],
    [{ ...BASE, min_connections: 'x', max_connections: 5 }, []],
    [
      { ...BASE, ssl_mode: { mode: 'require', client_key: '/root/key' } },
      [
        "Parameter 'ssl_mode.client_key' must be PEM text that begins with '-----BEGIN', not a file name",
      ],
    ],
    [{ ...BASE, ssl_mode: { mode: 'disable', client_key: '/root/key' } }, []],
  ] as const) {
    it(`${JSON.stringify(values)} → ${JSON.stringify(expected)}`, () => {
      expect(ruleProblems(values, (path) => path)).to.deep.equal(expected)
    })
  }

  it('uses the name that the user wrote', () => {
    const values = { ...BASE, min_connections: 6, max_connections: 5 }
    expect(ruleProblems(values, (path) => `my ${path}`)[0]).to.include("'my max_connections'")
  })
})
