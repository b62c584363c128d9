import { expect } from 'chai'
import { ConnectorError } from '../errors.ts'
import { expandEnv, unexpanded } from './expand-env.ts'

const ENV = { HOST: 'db', PASS: 'p$1${HOST}', EMPTY: '', _a1: 'x' }

describe('expandEnv', () => {
  for (const [raw, expected] of [
    ['${HOST}', 'db'],
    ['a-${HOST}-${_a1}', 'a-db-x'],
    ['${EMPTY}', ''],
    ['$HOST ${} ${1A} ${a-b} $${HOST}', '$HOST ${} ${1A} ${a-b} $db'],
    ['${PASS}', 'p$1${HOST}'],
    [{ a: { b: ['${HOST}', 1, null, true] } }, { a: { b: ['db', 1, null, true] } }],
    [{ '${HOST}': 'x' }, { '${HOST}': 'x' }],
    [null, null],
  ] as const) {
    it(`${JSON.stringify(raw)} → ${JSON.stringify(expected)}`, () => {
      expect(expandEnv(raw, ENV)).to.deep.equal(expected)
    })
  }

  it('reports every variable that is not set and where it is used', () => {
    const raw = { password: 'top-${NOPE}', ssl_mode: { client_key: '${NADA}' }, schemas: ['${NO}'] }
    expect(() => expandEnv(raw, ENV)).to.throw(
      ConnectorError,
      /^Environment variable 'NOPE' is not set but used in 'password'; Environment variable 'NADA' is not set but used in 'ssl_mode.client_key'; Environment variable 'NO' is not set but used in 'schemas.0'$/,
    )
  })

  it('ignores the prototype of the environment', () => {
    expect(() => expandEnv('${constructor}', ENV)).to.throw(ConnectorError, 'constructor')
  })

  it('does not modify its argument', () => {
    const raw = { host: '${HOST}' }
    expandEnv(raw, ENV)
    expect(raw).to.deep.equal({ host: '${HOST}' })
  })
})

describe('unexpanded', () => {
  it('names the parameters whose value is a reference, and no value', () => {
    const values = { host: '${DB_HOST}', port: 5432, password: 'a${B}', database: '${DB}' }
    expect(unexpanded(values)).to.deep.equal([
      "${NAME} is replaced only with --expand-env, and is the value of 'host', 'database'.",
    ])
    expect(unexpanded({ host: 'db', password: '${1}' })).to.deep.equal([])
  })
})
