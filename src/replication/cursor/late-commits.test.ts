import { expect } from 'chai'
import type { Column } from '../../introspection/relation.ts'
import { findEntry } from '../../types/registry.ts'
import { TypeOrder } from '../../types/type-order.ts'
import { lowerBound, nextMarks } from './late-commits.ts'

const HOUR_MS = 3_600_000

function cursorOf(name: string): { order: TypeOrder; column: Column } {
  const source = { schema: 'pg_catalog', name }
  const order = new TypeOrder({ type: source, operators: [], toText: (expression) => expression })
  const type = findEntry({ ...source, extension: null })!
  return { order, column: { name: 'c', typeOid: 0, type, order, select: '"c"', isNullable: true } }
}

describe('nextMarks', () => {
  it('adds the new mark', () => {
    expect(nextMarks({ marks: [], value: 'a' }, 5, HOUR_MS)).to.deep.equal([
      { value: 'a', atMs: 5 },
    ])
  })

  it('adds no mark within a tenth of the window', () => {
    const marks = [{ value: 'a', atMs: 0 }]
    expect(nextMarks({ marks, value: 'b' }, HOUR_MS / 10 - 1, HOUR_MS)).to.deep.equal(marks)
    expect(nextMarks({ marks, value: 'b' }, HOUR_MS / 10, HOUR_MS)).to.have.length(2)
  })

  it('keeps the newest mark that is older than the window, and removes those before it', () => {
    const marks = [0, 1, 2, 3].map((hour) => ({ value: `${hour}`, atMs: hour * HOUR_MS }))
    const values = nextMarks({ marks, value: '4' }, 4 * HOUR_MS, HOUR_MS).map(({ value }) => value)
    expect(values).to.deep.equal(['3', '4'])
  })
})

describe('lowerBound', () => {
  const marks = [
    { value: 'a', atMs: 0 },
    { value: 'b', atMs: HOUR_MS },
    { value: 'c', atMs: 2 * HOUR_MS },
  ]
  const progress = { field: 'c', value: 'z', recordCount: 1, marks }

  it('is the newest mark that was one window old when the state was saved', () => {
    const times = { savedAtMs: 2.5 * HOUR_MS, windowMs: HOUR_MS }
    expect(lowerBound(progress, cursorOf('text'), times)).to.equal(`'b'::"pg_catalog"."text"`)
  })

  it('is null for a counter without such a mark', () => {
    const times = { savedAtMs: HOUR_MS / 2, windowMs: HOUR_MS }
    expect(lowerBound(progress, cursorOf('int8'), times)).to.equal(null)
  })

  it('is one window before the saved value for a clock without such a mark, but not in the future', () => {
    const times = { savedAtMs: HOUR_MS / 2, windowMs: HOUR_MS }
    expect(lowerBound(progress, cursorOf('timestamptz'), times)).to.equal(
      "(least('z'::pg_catalog.timestamptz, pg_catalog.to_timestamp(1800))" +
        ' OPERATOR(pg_catalog.-) \'3600 s\'::pg_catalog.interval)::"pg_catalog"."timestamptz"',
    )
  })
})
