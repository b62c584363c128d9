import { expect } from 'chai'
import { UNCHANGED, tupleData } from '../../../../testing/log-bytes.ts'
import { LogChange } from '../../../../wire/pgoutput.ts'
import type { RowChange } from '../row-change.ts'
import { LongValues } from './long-values.ts'

const TABLE = {
  oid: 1,
  schema: 'public',
  name: 't',
  identity: 'd' as const,
  columns: ['id', 'n', 'body'].map((name) => ({
    name,
    typeOid: 25,
    typmod: -1,
    isKey: name === 'id',
  })),
}
const LONG = 'x'.repeat(2000)

type Values = readonly (string | null | typeof UNCHANGED)[]

/** Returns `body` of the new row, as far as it is known. */
function bodyAfter(
  values: ReturnType<LongValues['of']>,
  kind: RowChange['kind'],
  { now, old }: { now?: Values; old?: Values },
): string | null {
  const change = new LogChange()
  const read = (tuple: LogChange['newTuple'], content: Values): void => {
    const bytes = tupleData(...content)
    tuple.read(bytes, 0, bytes.length, content.length)
  }
  if (now !== undefined) read(change.newTuple, now)
  if (old !== undefined) read(change.oldTuple, old)
  change.oldKind = old === undefined ? 'none' : 'key'
  const { kinds, bytes, starts, ends } = values!.follow(kind, change)
  return kinds[2] === 0x74 ? bytes.toString('utf8', starts[2], ends[2]) : null
}

describe('cached long values of recently changed rows', () => {
  it('are those of the last change of the row', () => {
    const values = new LongValues().of(TABLE)
    bodyAfter(values, 'INSERT', { now: ['1', 'a', LONG] })
    bodyAfter(values, 'INSERT', { now: ['2', 'a', `${LONG}2`] })
    expect(bodyAfter(values, 'UPDATE', { now: ['1', 'b', UNCHANGED] })).to.equal(LONG)
    expect(bodyAfter(values, 'UPDATE', { now: ['3', 'b', UNCHANGED] })).to.equal(null)
    bodyAfter(values, 'UPDATE', { now: ['1', 'b', 'short'] })
    expect(bodyAfter(values, 'UPDATE', { now: ['1', 'c', UNCHANGED] })).to.equal(null)
    expect(bodyAfter(values, 'UPDATE', { now: ['2', 'c', UNCHANGED] })).to.equal(`${LONG}2`)
  })

  it('follow a change of the key, and are removed with the row', () => {
    const values = new LongValues().of(TABLE)
    bodyAfter(values, 'INSERT', { now: ['1', 'a', LONG] })
    const old = ['1', null, null]
    expect(bodyAfter(values, 'UPDATE', { now: ['2', 'a', UNCHANGED], old })).to.equal(LONG)
    expect(bodyAfter(values, 'UPDATE', { now: ['1', 'a', UNCHANGED] })).to.equal(null)
    bodyAfter(values, 'DELETE', { old: ['2', null, null] })
    expect(bodyAfter(values, 'UPDATE', { now: ['2', 'a', UNCHANGED] })).to.equal(null)
  })

  it('are not those of another row with the same key, nor of an earlier relation message', () => {
    const all = new LongValues()
    const values = all.of(TABLE)
    bodyAfter(values, 'INSERT', { now: ['1', 'a', LONG] })
    expect(bodyAfter(all.of(TABLE), 'UPDATE', { now: ['1', 'b', UNCHANGED] })).to.equal(null)
    expect(bodyAfter(values, 'INSERT', { now: ['1', 'b', UNCHANGED] })).to.equal(null)
  })

  it('use a bounded number of bytes and are evicted in the order of the changes', () => {
    const values = new LongValues(3 * LONG.length + 400).of(TABLE)
    for (const id of ['1', '2', '3', '4']) bodyAfter(values, 'INSERT', { now: [id, 'a', LONG] })
    const known = ['1', '2', '3', '4'].map(
      (id) => bodyAfter(values, 'UPDATE', { now: [id, 'b', UNCHANGED] }) !== null,
    )
    expect(known).to.deep.equal([false, true, true, true])
  })

  it('are correct or unknown after many changes of rows of all sizes', () => {
    const values = new LongValues(20_000).of(TABLE)
    const bodies = new Map<string, string>()
    let seed = 1
    const below = (limit: number): number => (seed = (seed * 48_271) % 2_147_483_647) % limit
    let found = 0
    for (let round = 0; round < 5000; round++) {
      const id = `${below(30)}`
      const body = bodies.get(id)
      if (body !== undefined && below(2) === 0) {
        const seen = bodyAfter(values, 'UPDATE', { now: [id, `${round}`, UNCHANGED] })
        if (seen === null) continue
        expect(seen).to.equal(body)
        found++
      } else {
        const next = `${round}`.repeat(100 + below(1000))
        bodyAfter(values, body === undefined ? 'INSERT' : 'UPDATE', { now: [id, 'a', next] })
        bodies.set(id, next)
      }
    }
    expect(found).to.be.greaterThan(200)
  })

  it('are not cached if the log has the old row, or no update', () => {
    const all = new LongValues()
    expect(all.of({ ...TABLE, identity: 'f' })).to.equal(null)
    expect(all.of({ ...TABLE, identity: 'n' })).to.equal(null)
  })
})
