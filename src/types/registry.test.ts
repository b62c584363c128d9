import { expect } from 'chai'
import { findEntry, textEntry } from './registry.ts'
import type { TypeEntry } from './type-entry.ts'
import { written } from '../testing/written.ts'

const STRING = { type: 'string' }
const INTEGER = { type: 'number', airbyte_type: 'integer' }
const NUMBER = { type: 'number' }

/** Schema, Arrow type, whether the type can be a cursor, whether its binary form is read. */
const ENTRIES = [
  ['bool', { type: 'boolean' }, 'bool', true, true],
  ['int2', INTEGER, 'int64', true, true],
  ['int4', INTEGER, 'int64', true, true],
  ['int8', INTEGER, 'int64', true, true],
  ['oid', INTEGER, 'int64', true, true],
  ['float4', NUMBER, 'float64', true, false],
  ['float8', NUMBER, 'float64', true, true],
  ['numeric', NUMBER, 'float64', true, true],
  ['money', NUMBER, 'utf8', false, true],
  ['text', STRING, 'utf8', true, true],
  ['varchar', STRING, 'utf8', true, true],
  ['bpchar', STRING, 'utf8', true, true],
  ['name', STRING, 'utf8', true, true],
  ['char', STRING, 'utf8', true, false],
  ['bit', STRING, 'utf8', true, false],
  ['varbit', STRING, 'utf8', true, false],
  ['bytea', STRING, 'utf8', true, true],
  ['uuid', STRING, 'utf8', true, true],
  ['json', STRING, 'utf8', false, true],
  ['jsonb', STRING, 'utf8', false, true],
  ['xml', STRING, 'utf8', false, false],
  ['date', { type: 'string', format: 'date' }, 'date32', true, true],
  ['time', time('time', 'time_without_timezone'), 'utf8', true, true],
  ['timetz', time('time', 'time_with_timezone'), 'utf8', true, true],
  ['timestamp', time('date-time', 'timestamp_without_timezone'), 'timestamp[ns]', true, true],
  ['timestamptz', time('date-time', 'timestamp_with_timezone'), 'timestamp[ns, UTC]', true, true],
  ['point', STRING, 'utf8', false, false],
  ['line', STRING, 'utf8', false, false],
  ['lseg', STRING, 'utf8', false, false],
  ['box', STRING, 'utf8', false, false],
  ['path', STRING, 'utf8', false, false],
  ['polygon', STRING, 'utf8', false, false],
  ['circle', STRING, 'utf8', false, false],
] as const

function time(format: string, airbyteType: string): object {
  return { type: 'string', format, airbyte_type: airbyteType }
}

function builtIn(name: string): TypeEntry | undefined {
  return findEntry({ schema: 'pg_catalog', name, extension: null })
}

describe('findEntry', () => {
  for (const [name, jsonSchema, arrow, isCursor, hasBinary] of ENTRIES) {
    it(name, () => {
      const entry = builtIn(name)
      expect(entry).to.deep.include({ name, jsonSchema })
      expect(entry?.arrow.default).to.equal(arrow)
      expect(entry?.cursor !== null).to.equal(isCursor)
      expect(entry?.writeBinary !== undefined).to.equal(hasBinary)
    })
  }

  it('finds types of extensions in any schema except pg_catalog', () => {
    for (const name of ['citext', 'hstore']) {
      const source = { schema: 'public', name, extension: name }
      expect(findEntry(source)?.jsonSchema).to.deep.equal(STRING)
      expect(builtIn(name)).to.equal(undefined)
    }
  })

  it('does not take a user-defined type for one of an extension', () => {
    for (const extension of [null, 'cube', 'constructor']) {
      expect(findEntry({ schema: 'public', name: 'citext', extension })).to.equal(undefined)
    }
  })

  it('does not take a user-defined type for one of pg_catalog', () => {
    expect(findEntry({ schema: 'public', name: 'int4', extension: null })).to.equal(undefined)
  })

  for (const [name, json] of [
    ['oid', '7'],
    ['numeric', '7'],
    ['money', '7'],
    ['bit', 'false'],
    ['varbit', 'false'],
  ] as const) {
    it(`${name} in an array has a different writer`, () => {
      const element = builtIn(name)?.element
      expect(element === undefined ? null : written(element.writeText, '7').json).to.equal(json)
    })
  }
})

describe('textEntry', () => {
  it('is a string, read as its text', () => {
    const entry = textEntry('cube')
    expect(entry).to.deep.include({ name: 'cube', jsonSchema: STRING, cursor: null })
    expect(entry.writeBinary).to.equal(undefined)
    expect(written(entry.writeText, '(1,2)').json).to.equal('"(1,2)"')
  })
})
