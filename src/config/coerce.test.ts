import { expect } from 'chai'
import { coerce, coerceParameters, expandShorthand } from './coerce.ts'
import { CONFIG_SCHEMA, type ParameterSchema } from './schema.ts'

const TEXT = { type: 'string' }
const LIST = { type: 'array', items: TEXT }
const TUNNEL: ParameterSchema = CONFIG_SCHEMA.properties?.['tunnel_method'] ?? TEXT

describe('coerceParameters', () => {
  it('adds defaults and keeps unknown parameters unchanged', () => {
    const schema = { type: 'object', properties: { n: { type: 'integer', default: '7' } } }
    expect(coerceParameters({ x: '1' }, schema)).to.deep.equal({ n: 7, x: '1' })
  })
})

describe('coerce', () => {
  const choice = { type: 'string', enum: ['verify-ca', 'full_refresh'] }
  for (const [value, schema, expected] of [
    ['5432', { type: 'integer' }, 5432],
    [' 5432 ', { type: 'integer' }, 5432],
    ['-1', { type: 'integer' }, -1],
    ['5432.0', { type: 'integer' }, '5432.0'],
    ['1e3', { type: 'integer' }, '1e3'],
    ['0x10', { type: 'integer' }, '0x10'],
    ['9007199254740991', { type: 'integer' }, 9007199254740991],
    ['9007199254740992', { type: 'integer' }, '9007199254740992'],
    [true, { type: 'integer' }, true],
    ['true', { type: 'boolean' }, true],
    ['False', { type: 'boolean' }, false],
    ['yes', { type: 'boolean' }, 'yes'],
    [1, { type: 'boolean' }, 1],
    ['verify_ca', choice, 'verify-ca'],
    ['VERIFY-CA', choice, 'verify-ca'],
    ['Full_Refresh', choice, 'full_refresh'],
    ['other', choice, 'other'],
    [['a'], TEXT, 'a'],
    [['a', 'b'], TEXT, ['a', 'b']],
    [7, TEXT, 7],
    ['a', LIST, ['a']],
    ['a,b', LIST, ['a,b']],
    [[['a'], ['b']], LIST, ['a', 'b']],
    [7, LIST, 7],
  ] as const) {
    it(`${JSON.stringify(value)} as ${JSON.stringify(schema)} → ${JSON.stringify(expected)}`, () => {
      expect(coerce(value, schema)).to.deep.equal(expected)
    })
  }

  it('finds the branch of an object in other letter case, with its defaults', () => {
    expect(coerce({ tunnel_method: 'ssh_key_auth' }, TUNNEL)).to.deep.equal({
      tunnel_method: 'SSH_KEY_AUTH',
      tunnel_port: 22,
    })
  })

  it('returns an object without a branch unchanged', () => {
    expect(coerce({ tunnel_method: 'VPN' }, TUNNEL)).to.deep.equal({ tunnel_method: 'VPN' })
    expect(coerce({}, TUNNEL)).to.deep.equal({})
    expect(coerce(7, TUNNEL)).to.equal(7)
  })
})

describe('expandShorthand', () => {
  it('uses plain text as the discriminator', () => {
    expect(expandShorthand('NO_TUNNEL', TUNNEL)).to.deep.equal({ tunnel_method: 'NO_TUNNEL' })
  })

  it('returns any other value unchanged', () => {
    expect(expandShorthand('x', TEXT)).to.equal('x')
    expect(expandShorthand(7, TUNNEL)).to.equal(7)
  })
})
