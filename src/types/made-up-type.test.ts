import { expect } from 'chai'
import { columnBuilder } from '../introspection/column.ts'
import type { Column } from '../introspection/relation.ts'
import { lowerBound } from '../replication/cursor/late-commits.ts'
import { describeSchema } from '../writers/arrow/describe-schema.ts'
import { writeInt8, writeNumberText } from './numbers.ts'
import type { TypeEntry } from './type-entry.ts'
import { COMPARISONS } from './type-order.ts'
import { TypeResolver, type TypeRow } from './type-resolver.ts'

const STARDATE: TypeEntry = {
  name: 'stardate',
  jsonSchema: { type: 'number', airbyte_type: 'integer' },
  arrow: { default: 'int64', exact: 'int64', source: 'int8', isTotal: false },
  cursor: { isClock: true, hasOneForm: true, nonFiniteBound: (major) => `end of ${major}` },
  writeText: writeNumberText,
  writeBinary: writeInt8,
}

const ROW: TypeRow = {
  oid: 1,
  schema: 's',
  name: 'stardate',
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
  outputFunction: { schema: 's', name: 'out' },
  extension: 'starfleet',
  operators: COMPARISONS.map((name) => ({ schema: 's', name })),
}
const DOMAIN: TypeRow = { ...ROW, oid: 2, name: 'uuid', typtype: 'd', baseOid: 1, extension: null }

const types = new TypeResolver([ROW, DOMAIN], ({ extension, name }) =>
  extension === 'starfleet' && name === 'stardate' ? STARDATE : undefined,
)
const toColumn = columnBuilder(types)

function columnOf(typeOid: number): Column {
  return toColumn({ name: 'c', typeOid, typmod: -1, isNullable: false })
}

/** Only the registry entry of this type describes it. */
describe('a type with nothing but a registry entry', () => {
  it('is selected, described and written according to its entry', () => {
    const { type, select } = columnOf(1)
    expect([select, type.jsonSchema, type.writeBinary]).to.deep.equal([
      '"c"',
      STARDATE.jsonSchema,
      writeInt8,
    ])
  })

  it('has the Arrow column of its entry', () => {
    for (const isExact of [false, true]) {
      const schema = describeSchema([columnOf(1)], { isExact })
      expect(schema['fields']).to.deep.equal([{ name: 'c', type: 'int64', nullable: true }])
    }
  })

  for (const [what, oid] of [
    ['it', 1],
    ['a domain over it, whatever it is called,', 2],
  ] as const) {
    it(`${what} is a cursor with the traits of its entry`, () => {
      const column = columnOf(oid)
      const { cursor } = column.type
      expect(cursor).to.equal(STARDATE.cursor)
      expect(column.order?.literal('7')).to.equal(`'7'::"s"."stardate"`)
      const progress = { field: 'c', value: '7', recordCount: 1, marks: [] }
      const bound = lowerBound(
        progress,
        { column, order: column.order! },
        { savedAtMs: 0, windowMs: 1000 },
      )
      expect(bound).to.match(/'1 s'::pg_catalog.interval\)::"s"."stardate"$/)
    })
  }

  it('a domain over it is written as text, also in Arrow', () => {
    const { type, select } = columnOf(2)
    expect([select, type.jsonSchema]).to.deep.equal(['"c"::pg_catalog.text', { type: 'string' }])
    const schema = describeSchema([columnOf(2)], { isExact: true })
    expect(schema['fields']).to.deep.equal([{ name: 'c', type: 'utf8', nullable: true }])
  })
})
