import { expect } from 'chai'
import { UNCHANGED, tupleData } from '../testing/log-bytes.ts'
import { LogTuple, NULL_KIND, TEXT_KIND } from './log-tuple.ts'
import { textOf } from '../testing/recorded-log.ts'

function read(bytes: Buffer, columns: number): LogTuple {
  const tuple = new LogTuple()
  expect(tuple.read(bytes, 0, bytes.length, columns)).to.equal(bytes.length)
  return tuple
}

function nulls(count: number): Buffer {
  return tupleData(...Array.from({ length: count }, () => null))
}

const MIXED = tupleData('a', Buffer.from([1]), null, UNCHANGED)

describe('LogTuple', () => {
  it('finds values of every kind', () => {
    const tuple = read(MIXED, 4)
    expect(textOf(tuple)).to.equal("('a',0x01,NULL,unchanged)")
    expect(tuple.hasUnchanged).to.equal(true)
  })

  it('overwrites the previous tuple', () => {
    const tuple = read(MIXED, 4)
    const next = tupleData('b')
    tuple.read(next, 0, next.length, 1)
    expect(textOf(tuple)).to.equal("('b')")
    expect(tuple.hasUnchanged).to.equal(false)
  })

  it('accepts as many columns as a server tuple can have, and no more', () => {
    expect(read(nulls(1664), 1664).count).to.equal(1664)
    expect(() => read(nulls(1665), 1665)).to.throw(RangeError, 'damaged')
  })

  it('takes a column from another tuple of the same message', () => {
    const bytes = Buffer.concat([MIXED, tupleData('b', null, 'c', 'd')])
    const tuple = new LogTuple()
    const other = new LogTuple()
    const end = tuple.read(bytes, 0, bytes.length, 4)
    other.read(bytes, end, bytes.length, 4)
    tuple.take(other, 3)
    tuple.take(other, 1)
    expect(textOf(tuple)).to.equal("('a',NULL,NULL,'d')")
    expect(() => tuple.take(read(MIXED, 4), 0)).to.throw('not of one message')
  })

  it('detaches a copy that stays valid, with some values replaced', () => {
    const bytes = Buffer.from(MIXED)
    const tuple = read(bytes, 4)
    const same = tuple.detach()
    const filled = tuple.detach(new Map([[3, { kind: TEXT_KIND, bytes: Buffer.from('é') }]]))
    const nulled = tuple.detach(new Map([[0, { kind: NULL_KIND, bytes: Buffer.alloc(0) }]]))
    bytes.fill(0)
    expect(textOf(same)).to.equal("('a',0x01,NULL,unchanged)")
    expect(same.hasUnchanged).to.equal(true)
    expect(textOf(filled)).to.equal("('a',0x01,NULL,'é')")
    expect(filled.hasUnchanged).to.equal(false)
    expect(textOf(nulled)).to.equal('(NULL,0x01,NULL,unchanged)')
  })
})
