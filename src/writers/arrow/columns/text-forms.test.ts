import { expect } from 'chai'
import { findEntry } from '../../../types/registry.ts'
import { parserOf } from './text-forms.ts'

function parsed(type: string, text: string, form: 'default' | 'exact'): string | undefined {
  const entry = findEntry({ schema: 'pg_catalog', name: type, extension: null })!
  return parserOf(entry.arrow[form], entry)?.(text)?.toString('hex')
}

describe('parserOf', () => {
  for (const [type, text, hex] of [
    ['bool', 't', '01'],
    ['int2', '-32768', '8000'],
    ['int4', '2147483647', '7fffffff'],
    ['int8', '-9223372036854775808', '8000000000000000'],
    ['oid', '4294967295', 'ffffffff'],
    ['float4', '1.5', '3fc00000'],
    ['float8', '-Infinity', 'fff0000000000000'],
    ['numeric', '-12345.6700', '0003000140000004000109291a2c'],
    ['numeric', 'NaN', '00000000c0000000'],
    ['date', '2000-01-02', '00000001'],
    ['date', '0001-12-31 BC', 'fff4dbf8'],
    ['date', 'infinity', '7fffffff'],
    ['timestamp', '1999-12-31 23:59:59.999999', 'ffffffffffffffff'],
    ['timestamptz', '2000-01-01 00:00:01.5+00', '000000000016e360'],
    ['timestamp', '294276-12-31 23:59:59.999999', '7fffff5bb3b29fff'],
    ['uuid', '00112233-4455-6677-8899-aabbccddeeff', '00112233445566778899aabbccddeeff'],
  ] as const) {
    it(`${type} ${text}`, () => {
      const form = type === 'uuid' ? 'exact' : 'default'
      expect(parsed(type, text, form)).to.equal(hex)
    })
  }

  for (const [type, text] of [
    ['bool', 'true'],
    ['int2', '32768'],
    ['int4', '1.0'],
    ['oid', '-1'],
    ['float8', 'x'],
    ['numeric', '1e5'],
    ['date', '2000-1-2'],
    ['timestamp', '2000-01-02'],
    ['uuid', '00112233'],
  ] as const) {
    it(`${type} rejects ${text}`, () => {
      expect(parsed(type, text, type === 'uuid' ? 'exact' : 'default')).to.equal(undefined)
    })
  }

  it('returns null for a column of text', () => {
    expect(parsed('text', 'a', 'default')).to.equal(undefined)
  })
})
