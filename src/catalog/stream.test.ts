import { expect } from 'chai'
import type { PgType } from '../types/pg-type.ts'
import type { Column, Relation } from '../introspection/relation.ts'
import { TypeOrder } from '../types/type-order.ts'
import type { AirbyteStream } from '../protocol/messages.ts'
import { cursor } from '../replication/cursor/cursor.ts'
import { xmin } from '../replication/xmin/xmin.ts'
import { toCatalog, toStream } from './stream.ts'

const OFFERS = { Standard: await cursor.offers(), Xmin: await xmin.offers() }

const INTEGER = { type: 'number', airbyte_type: 'integer' }

const INT4_ORDER = new TypeOrder({
  type: { schema: 'pg_catalog', name: 'int4' },
  operators: [],
  toText: (expression) => expression,
})

function column(name: string, isCursor = true): Column {
  const type: PgType = {
    name: isCursor ? 'int4' : 'json',
    jsonSchema: isCursor ? INTEGER : { type: 'string' },
    arrow: { default: 'utf8', exact: 'utf8', isTotal: false },
    cursor: null,
    writeText: () => 0,
  }
  const order = isCursor ? INT4_ORDER : null
  return { name, typeOid: 0, type, order, select: `"${name}"`, isNullable: true }
}

function relation(changes: Partial<Relation> = {}): Relation {
  return {
    oid: 16384,
    schema: 'public',
    name: 'orders',
    kind: 'r',
    isPartition: false,
    columns: [column('id'), column('body', false)],
    primaryKey: ['id'],
    hasSystemColumns: true,
    hasXmin: true,
    estimatedRows: null,
    sizeBytes: 0,
    ...changes,
  }
}

function standardStream(of: Relation): AirbyteStream {
  return toStream(of, OFFERS.Standard(of))
}

const BOTH = ['full_refresh', 'incremental']
const FULL = ['full_refresh']

describe('toCatalog', () => {
  it('sorts by namespace, then name, by code unit', () => {
    const names = [
      ['public', 'b'],
      ['public', 'B'],
      ['Zoo', 'z'],
      ['public', 'a'],
      ['a.b', 'c'],
    ]
    const relations = names.map(([schema = '', name = '']) => relation({ schema, name }))
    const { streams } = toCatalog(relations, OFFERS.Standard)
    expect(streams.map((stream) => `${stream.namespace}/${stream.name}`)).to.deep.equal([
      'Zoo/z',
      'a.b/c',
      'public/B',
      'public/a',
      'public/b',
    ])
  })

  it('does not modify its argument', () => {
    const relations = [relation({ name: 'b' }), relation({ name: 'a' })]
    toCatalog(relations, OFFERS.Standard)
    expect(relations.map(({ name }) => name)).to.deep.equal(['b', 'a'])
  })
})

describe('toStream', () => {
  it('has exactly the fields of the protocol', () => {
    expect(standardStream(relation())).to.deep.equal({
      name: 'orders',
      namespace: 'public',
      json_schema: { type: 'object', properties: { id: INTEGER, body: { type: 'string' } } },
      supported_sync_modes: BOTH,
      source_defined_cursor: false,
      default_cursor_field: [],
      source_defined_primary_key: [['id']],
      is_resumable: true,
    })
  })

  it('has the primary key in key order, with a path for each column', () => {
    const stream = standardStream(relation({ primaryKey: ['b', 'a'] }))
    expect(stream.source_defined_primary_key).to.deep.equal([['b'], ['a']])
  })

  it('has empty properties without columns', () => {
    const stream = standardStream(relation({ columns: [], primaryKey: [] }))
    expect(stream.json_schema).to.deep.equal({ type: 'object', properties: {} })
    expect(stream.supported_sync_modes).to.deep.equal(FULL)
  })

  it('keeps a column called __proto__', () => {
    const stream = standardStream(relation({ columns: [column('__proto__')] }))
    expect(JSON.stringify(stream.json_schema)).to.include('{"__proto__":{"type":"number"')
  })

  const unstored = { hasSystemColumns: false, hasXmin: false }
  const view = { kind: 'v', ...unstored, primaryKey: [] } as const
  const cases = [
    ['Standard', 'a table', {}, BOTH, false, true],
    [
      'Standard',
      'a table with no cursor type',
      { columns: [column('x', false)] },
      FULL,
      false,
      true,
    ],
    ['Standard', 'a view', view, BOTH, false, false],
    ['Standard', 'a table with column grants', unstored, BOTH, false, false],
    ['Xmin', 'a table', {}, BOTH, true, true],
    ['Xmin', 'a table without key', { primaryKey: [] }, BOTH, false, true],
    ['Xmin', 'a materialized view', { kind: 'm', hasXmin: false }, FULL, false, true],
    ['Xmin', 'a view', view, FULL, false, false],
    ['Xmin', 'a foreign table', { ...view, kind: 'f' }, FULL, false, false],
    ['Xmin', 'a table with column grants', unstored, FULL, false, false],
    ['Xmin', 'a table with heirs', { hasSystemColumns: false }, BOTH, true, false],
  ] as const
  for (const [method, what, changes, modes, isSourceDefined, isResumable] of cases) {
    it(`${method}, ${what} → ${modes.join(', ')}`, () => {
      const stream = toStream(relation(changes), OFFERS[method](relation(changes)))
      expect(stream.supported_sync_modes).to.deep.equal(modes)
      expect(stream.source_defined_cursor).to.equal(isSourceDefined)
      expect(stream.default_cursor_field).to.deep.equal([])
      expect(stream.is_resumable).to.equal(isResumable)
    })
  }
})
