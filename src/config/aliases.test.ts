import { expect } from 'chai'
import { ALIASES, resolveAliases } from './aliases.ts'
import { CONFIG_SCHEMA } from './schema.ts'

describe('ALIASES', () => {
  for (const [alias, canonical] of Object.entries(ALIASES)) {
    it(`${alias} and ${canonical} are in spec.json, and Airbyte's form shows only the second`, () => {
      const [outer = ''] = canonical.split('.')
      const parameters: Readonly<Record<string, object>> = CONFIG_SCHEMA.properties ?? {}
      expect(parameters[alias]).to.include({ airbyte_hidden: true })
      expect(parameters[outer]).to.be.an('object').that.does.not.have.property('airbyte_hidden')
    })
  }
})

describe('resolveAliases', () => {
  for (const [given, expected] of [
    [{ dbname: 'd' }, { database: 'd' }],
    [{ user: 'u' }, { username: 'u' }],
    [{ schema: 's' }, { schemas: 's' }],
    [{ max_db_connections: 2 }, { max_connections: 2 }],
    [{ sslmode: 'require' }, { ssl_mode: { mode: 'require' } }],
    [
      { sslmode: 'verify-ca', sslrootcert: 'a', sslcert: 'b', sslkey: 'c', sslpassword: 'd' },
      {
        ssl_mode: {
          mode: 'verify-ca',
          ca_certificate: 'a',
          client_certificate: 'b',
          client_key: 'c',
          client_key_password: 'd',
        },
      },
    ],
    [
      { ssl_mode: { mode: 'require' }, sslcert: 'b' },
      { ssl_mode: { mode: 'require', client_certificate: 'b' } },
    ],
    [{ other: 1 }, { other: 1 }],
  ] as const) {
    it(`${JSON.stringify(given)} → ${JSON.stringify(expected)}`, () => {
      expect(resolveAliases(given).values).to.deep.equal(expected)
      expect(resolveAliases(given).warnings).to.deep.equal([])
    })
  }

  it('prefers the canonical name and warns with both names, without the values', () => {
    const given = { database: 'secret1', dbname: 'secret2', ssl_mode: { mode: 'a' }, sslmode: 'b' }
    const { values, warnings } = resolveAliases(given)
    expect(values).to.deep.equal({ database: 'secret1', ssl_mode: { mode: 'a' } })
    expect(warnings).to.deep.equal([
      "'database' and 'dbname' are both given: 'dbname' is ignored.",
      "'ssl_mode.mode' and 'sslmode' are both given: 'sslmode' is ignored.",
    ])
  })

  it('returns the name that was used', () => {
    const { writtenAs } = resolveAliases({ dbname: 'd', user: 'u', username: 'v' })
    expect([...writtenAs]).to.deep.equal([['database', 'dbname']])
  })
})
