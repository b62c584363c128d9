import { expect } from 'chai'
import { message, tuple } from '../testing/bytes.ts'
import type { RowsTaken, TupleSink } from '../wire/copy-stream.ts'
import { BlockPool, TupleBlock } from './tuple-block.ts'

const ROWS = ['a', 'bc', ''].map((value) => tuple(value))
const FIRST = tuple('a')
const MESSAGES = Buffer.concat(ROWS.map((row) => message('d', row)))

/** Records the rows that it receives, and whether they came one by one or several at once. */
class Notes implements TupleSink {
  readonly rows: string[] = []
  readonly runs: number[] = []

  tuple(bytes: Buffer, start: number, end: number): void {
    this.rows.push(bytes.toString('hex', start, end))
  }
}

class BulkNotes extends Notes {
  /** Takes the same rows as a block, which has its own tests. */
  takeRows(bytes: Buffer, start: number, end: number): RowsTaken {
    const block = new TupleBlock()
    const taken = block.takeRows(bytes, start, end)
    block.moveTo({ tuple: (...row) => this.tuple(...row) }, Infinity)
    this.runs.push(taken.rows)
    return taken
  }
}

const EXPECTED = ROWS.map((row) => row.toString('hex'))

describe('TupleBlock', () => {
  it('takes rows one by one and several at once', () => {
    const block = new TupleBlock()
    block.tuple(ROWS[0]!, 0, ROWS[0]!.length)
    const rest = Buffer.concat([Buffer.from('before'), MESSAGES])
    expect(block.takeRows(rest, 6, rest.length)).to.deep.equal({ rows: 3, end: rest.length })
    const notes = new Notes()
    block.moveTo(notes, Infinity)
    expect(notes.rows).to.deep.equal([EXPECTED[0], ...EXPECTED])
    expect(block.bytes).to.equal(0)
  })

  for (const [name, behind] of [
    ['a message that is not whole', message('d', FIRST).subarray(0, -1)],
    ['a header that is not whole', Buffer.from('d\0')],
    ['the trailer', message('d', Buffer.from([0xff, 0xff]))],
    ['another message', message('c')],
    ['an impossible length', Buffer.from('64ffffffff00', 'hex')],
  ] as const) {
    it(`does not take ${name}`, () => {
      const bytes = Buffer.concat([MESSAGES, behind])
      expect(new TupleBlock().takeRows(bytes, 0, bytes.length)).to.deep.equal({
        rows: 3,
        end: MESSAGES.length,
      })
    })
  }

  it('moves several rows at once to a sink that supports it, up to the requested size', () => {
    const block = new TupleBlock()
    block.takeRows(MESSAGES, 0, MESSAGES.length)
    const notes = new BulkNotes()
    block.moveTo(notes, message('d', FIRST).length + 1)
    expect(notes).to.deep.include({ rows: EXPECTED.slice(0, 2), runs: [1] })
    block.moveTo(notes, Infinity)
    expect(notes.rows).to.deep.equal(EXPECTED)
    expect(block.bytes).to.equal(0)
  })
})

/** Appends this many bytes to a block, and empties it. */
function use(block: TupleBlock, bytes: number): void {
  block.tuple(Buffer.alloc(bytes), 0, bytes)
  block.moveTo({ tuple: () => undefined }, Infinity)
}

describe('BlockPool', () => {
  it('returns a block that was used before, with its storage', () => {
    const pool = new BlockPool()
    const block = pool.take()
    use(block, 2 ** 20)
    block.isWhole = true
    pool.give(block)
    expect(pool.take()).to.equal(block)
    expect(block.isWhole).to.equal(false)
    expect(block.capacity).to.be.above(2 ** 20)
    expect(pool.take()).not.to.equal(block)
  })

  it('keeps at most 8 MiB', () => {
    const pool = new BlockPool()
    const blocks = [1, 2, 3].map(() => pool.take())
    for (const block of blocks) {
      use(block, 3 * 2 ** 20)
      pool.give(block)
    }
    expect(pool.take()).to.equal(blocks[1])
    expect(pool.take()).to.equal(blocks[0])
  })
})
