import { expect } from 'chai'
import { columnBuilder } from '../introspection/column.ts'
import { COMPARISONS, type QualifiedName } from './type-order.ts'
import { TypeResolver, type TypeRow } from './type-resolver.ts'
import { written } from '../testing/written.ts'

const BASE: TypeRow = {
  oid: 0,
  schema: 'pg_catalog',
  name: '',
  typtype: 'b',
  category: 'U',
  elementOid: 0,
  delimiter: ',',
  baseOid: 0,
  hasTextCast: false,
  major: 18,
  partOid: 0,
  fieldOids: [],
  hasSend: true,
  moneyScale: null,
  outputFunction: { schema: 'pg_catalog', name: 'out' },
  extension: null,
  operators: operatorsOf('pg_catalog'),
}

function operatorsOf(schema: string): QualifiedName[] {
  return COMPARISONS.map((name) => ({ schema, name }))
}

function out(name: string): Pick<TypeRow, 'outputFunction'> {
  return { outputFunction: { schema: 'pg_catalog', name } }
}

const ROWS: readonly TypeRow[] = [
  { ...BASE, oid: 16, name: 'bool', category: 'B', hasTextCast: true, ...out('boolout') },
  { ...BASE, oid: 23, name: 'int4', category: 'N' },
  { ...BASE, oid: 1007, name: '_int4', category: 'A', elementOid: 23 },
  { ...BASE, oid: 19, name: 'name', category: 'S', elementOid: 18, hasTextCast: true },
  { ...BASE, oid: 18, name: 'char', category: 'S', hasTextCast: true, ...out('charout') },
  { ...BASE, oid: 22, name: 'int2vector', category: 'A', elementOid: 21 },
  { ...BASE, oid: 21, name: 'int2', category: 'N' },
  { ...BASE, oid: 600, name: 'point', category: 'G', elementOid: 701 },
  { ...BASE, oid: 603, name: 'box', category: 'G', delimiter: ';' },
  { ...BASE, oid: 1020, name: '_box', category: 'A', elementOid: 603 },
  { ...BASE, oid: 790, name: 'money', category: 'N', moneyScale: 0 },
  { ...BASE, oid: 791, name: '_money', category: 'A', elementOid: 790 },
  { ...BASE, oid: 1700, name: 'numeric', category: 'N' },
  { ...BASE, oid: 1231, name: '_numeric', category: 'A', elementOid: 1700 },
  { ...BASE, oid: 1043, name: 'varchar', category: 'S', hasTextCast: true },
  { ...BASE, oid: 869, name: 'inet', category: 'I', hasTextCast: true, ...out('inet_out') },
  { ...BASE, oid: 3904, name: 'int4range', typtype: 'r', category: 'R' },
  { ...BASE, oid: 2277, name: 'anyarray', typtype: 'p', category: 'P' },
  { ...BASE, oid: 20_000, schema: 's', name: 'mood', typtype: 'e', category: 'E' },
  { ...BASE, oid: 20_001, schema: 's', name: '_mood', category: 'A', elementOid: 20_000 },
  { ...BASE, oid: 20_002, schema: 's', name: 'pair', typtype: 'c', category: 'C' },
  { ...BASE, oid: 20_003, schema: 's', name: 'positive', typtype: 'd', category: 'N', baseOid: 23 },
  {
    ...BASE,
    oid: 20_004,
    schema: 's',
    name: 'deeper',
    typtype: 'd',
    category: 'N',
    baseOid: 20_003,
  },
  { ...BASE, oid: 20_005, schema: 's', name: '_positive', category: 'A', elementOid: 20_003 },
  { ...BASE, oid: 20_006, schema: 's', name: 'list', typtype: 'd', category: 'A', baseOid: 1007 },
  { ...BASE, oid: 20_007, schema: 's', name: 'label', typtype: 'd', category: 'S', baseOid: 1043 },
  { ...BASE, oid: 20_008, schema: 's', name: 'flag', typtype: 'd', category: 'B', baseOid: 16 },
  { ...BASE, oid: 20_009, schema: 's', name: 'orphan', typtype: 'd', category: 'B', baseOid: 99 },
  {
    ...BASE,
    oid: 20_010,
    schema: 's',
    name: 'cube',
    hasTextCast: true,
    operators: operatorsOf('s'),
    outputFunction: { schema: 's', name: 'Cube"out' },
  },
  { ...BASE, oid: 4_000_000_000, schema: 's', name: 'late', typtype: 'e', category: 'E' },
]

const STRING = { type: 'string' }
const types = new TypeResolver(ROWS)

describe('resolve', () => {
  for (const [oid, text, schema, json] of [
    [23, '5', { type: 'number', airbyte_type: 'integer' }, '5'],
    [
      1007,
      '{5,NULL}',
      { type: 'array', items: { type: 'number', airbyte_type: 'integer' } },
      '[5,null]',
    ],
    [19, 'x', STRING, '"x"'],
    [22, '1 2', STRING, '"1 2"'],
    [600, '(1,2)', STRING, '"(1.0,2.0)"'],
    [1020, '{(1,1),(0,0)}', { type: 'array', items: STRING }, '["(1.0,1.0),(0.0,0.0)"]'],
    [791, '{1.50}', { type: 'array', items: { type: 'number' } }, '[1.50]'],
    [20_000, 'sad', STRING, '"sad"'],
    [20_001, '{sad}', { type: 'array', items: STRING }, '["sad"]'],
    [20_002, '(1,2)', STRING, '"(1,2)"'],
    [20_003, '5', STRING, '"5"'],
    [20_004, '5', STRING, '"5"'],
    [20_005, '{5}', { type: 'array', items: STRING }, '["5"]'],
    [20_006, '{5}', STRING, '"{5}"'],
    [3904, '[1,2)', STRING, '"[1,2)"'],
    [2277, '{1}', STRING, '"{1}"'],
    [4_000_000_000, 'x', STRING, '"x"'],
    [99_999, 'x', STRING, '"x"'],
  ] as const) {
    it(`${oid}: ${text} → ${json}`, () => {
      const type = types.resolve(oid, -1)
      expect(type.jsonSchema).to.deep.equal(schema)
      expect(written(type.writeText, text).json).to.equal(json)
    })
  }

  for (const [typmod, isInteger, what] of [
    [-1, false, 'no precision'],
    [((20 << 16) | 0) + 4, true, '(20,0)'],
    [((20 << 16) | 7) + 4, false, '(20,7)'],
    [((2 << 16) | (-3 & 2047)) + 4, true, '(2,-3)'],
    [((3 << 16) | 5) + 4, false, '(3,5)'],
  ] as const) {
    it(`numeric with ${what} is ${isInteger ? 'an integer' : 'a number'}`, () => {
      const { jsonSchema } = types.resolve(1700, typmod)
      expect('airbyte_type' in jsonSchema).to.equal(isInteger)
      expect(types.resolve(1231, typmod).jsonSchema).to.deep.equal({
        type: 'array',
        items: { type: 'number' },
      })
    })
  }

  it('reads a domain in binary form only if that form is its text', () => {
    expect(types.resolve(20_007, -1).writeBinary).not.to.equal(undefined)
    expect(types.resolve(20_003, -1).writeBinary).to.equal(undefined)
  })

  it('allows a domain as a cursor if its base type can be one', () => {
    expect(types.resolve(20_004, -1).cursor).not.to.equal(null)
    expect(types.resolve(20_006, -1).cursor).to.equal(null)
  })
})

describe('select', () => {
  for (const [oid, sql] of [
    [23, '"c"'],
    [1007, '"c"::pg_catalog.text'],
    [18, 'pg_catalog.textin("pg_catalog"."charout"("c"))'],
    [790, '"c"::pg_catalog.numeric'],
    [791, '"c"::pg_catalog.numeric[]::pg_catalog.text'],
    [869, 'pg_catalog.textin("pg_catalog"."inet_out"("c"))'],
    [3904, '"c"::pg_catalog.text'],
    [20_000, '"c"'],
    [20_003, '"c"::pg_catalog.text'],
    [20_007, '"c"'],
    [20_008, 'pg_catalog.textin("pg_catalog"."boolout"("c"::"pg_catalog"."bool"))'],
    [20_009, '"c"::pg_catalog.text'],
    [20_010, 'pg_catalog.textin("s"."Cube""out"("c"))'],
    [99_999, '"c"::pg_catalog.text'],
  ] as const) {
    it(`${oid} → ${sql}`, () => {
      expect(types.select(oid, '"c"')).to.equal(sql)
    })
  }
})

describe('order', () => {
  for (const [oid, sql] of [
    [23, `"c"::"pg_catalog"."int4" OPERATOR("pg_catalog".<) '1'::"pg_catalog"."int4"`],
    [20_000, `"c"::"s"."mood" OPERATOR("pg_catalog".<) '1'::"s"."mood"`],
    [20_004, `"c"::"pg_catalog"."int4" OPERATOR("pg_catalog".<) '1'::"pg_catalog"."int4"`],
    [20_010, `"c"::"s"."cube" OPERATOR("s".<) '1'::"s"."cube"`],
  ] as const) {
    it(`${oid}: ${sql}`, () => {
      const order = types.order(oid)
      expect(order?.compare(order.cast('"c"'), '<', order.literal('1'))).to.equal(sql)
    })
  }

  it('finds the operators by their position, independently of their names', () => {
    const names = ['#<#', '#<=#', '#=#', '#>=#', '#>#']
    const operators = names.map((name) => ({ schema: 'o"p', name }))
    const row = { ...BASE, oid: 1, schema: 's', name: 'odd', operators }
    const order = new TypeResolver([row]).order(1)
    const found = COMPARISONS.map((comparison) => order?.compare('a', comparison, 'b'))
    expect(found).to.deep.equal(names.map((name) => `a OPERATOR("o""p".${name}) b`))
  })

  it('is null without an operator class', () => {
    const row = { ...BASE, oid: 1, schema: 's', name: 'odd', operators: null }
    expect(new TypeResolver([row]).order(1)).to.equal(null)
  })
})

describe('a cursor', () => {
  it('is rejected for a type of pg_catalog that is ordered but not marked as a cursor', () => {
    for (const typeOid of [603, 3904]) {
      const column = columnBuilder(types)({ name: 'c', typeOid, typmod: -1, isNullable: true })
      expect(column.order).to.equal(null)
    }
  })
})

describe('types that can be compared', () => {
  it('have the same base type, or an = operator in pg_catalog', () => {
    const found = [
      [20_004, 23],
      [23, 1700],
      [1043, 20_007],
      [20_000, 20_000],
      [23, 869],
      [20_010, 20_000],
    ].map(([one, other]) => [
      types.hasSameBase(one!, other!),
      types.hasCommonEquality(one!, other!),
    ])
    expect(found).to.deep.equal([
      [true, true],
      [false, true],
      [true, true],
      [true, false],
      [false, false],
      [false, false],
    ])
  })
})
