import { expect } from 'chai'
import { isSystemSchema } from './system-names.ts'

describe('isSystemSchema', () => {
  for (const [name, expected] of [
    ['pg_catalog', true],
    ['pg_toast', true],
    ['pg_temp_3', true],
    ['pg_internal', true],
    ['information_schema', true],
    ['catalog_history', true],
    ['public', false],
    ['pgbench', false],
    ['PG_CATALOG', false],
  ] as const) {
    it(`${name} → ${expected}`, () => {
      expect(isSystemSchema(name)).to.equal(expected)
    })
  }
})
