import { expect } from 'chai'
import { message, tuple } from '../testing/bytes.ts'
import type { RowsTaken } from '../wire/copy-stream.ts'
import { LeadingField, TidTracker, GroupTracker } from './leading-field.ts'

/** A sink that takes this many rows at once, and then throws `failure` if there is one. */
function takingSink(rows: number, failure: Error | null = null) {
  return {
    rows: 0,
    given: Buffer.alloc(0),
    tuple: () => undefined,
    takeRows(bytes: Buffer, start: number, end: number): RowsTaken {
      this.given = Buffer.from(bytes.subarray(start, end))
      this.rows += rows
      if (failure !== null) throw failure
      return { rows, end }
    },
  }
}

describe('LeadingField', () => {
  for (const first of ['', 'a', 'abcdef']) {
    it(`removes '${first}' and passes on the rest`, () => {
      const seen: string[] = []
      const rest: Buffer[] = []
      const sink = {
        rows: 0,
        tuple: (bytes: Buffer, start: number, end: number) =>
          void rest.push(Buffer.from(bytes.subarray(start, end))),
      }
      const field = new LeadingField(sink, (bytes, start, end) =>
        seen.push(bytes.toString('latin1', start, end)),
      )
      const bytes = Buffer.concat([Buffer.from('xx'), tuple(Buffer.from(first), Buffer.from('yz'))])
      field.tuple(bytes, 2, bytes.length)
      expect(seen).to.deep.equal([first])
      expect(rest).to.deep.equal([tuple(Buffer.from('yz'))])
    })
  }

  it('does not observe a row that the sink rejects', () => {
    const seen: string[] = []
    const sink = {
      rows: 0,
      tuple: () => {
        throw new Error('refused')
      },
    }
    const field = new LeadingField(sink, () => seen.push('a'))
    const bytes = tuple(Buffer.from('abcdef'), Buffer.from('yz'))
    expect(() => field.tuple(bytes, 0, bytes.length)).to.throw('refused')
    expect(seen).to.deep.equal([])
  })

  it('removes the field from all rows of a chunk at once', () => {
    const sink = takingSink(2)
    const seen: string[] = []
    const field = new LeadingField(sink, (bytes, start, end) =>
      seen.push(bytes.toString('latin1', start, end)),
    )
    const rows = ['a', 'bc', ''].map((value, index) => message('d', tuple(value, `${index}`)))
    const bytes = Buffer.concat([Buffer.from('xx'), ...rows, message('c')])
    const size = rows[0]!.length + rows[1]!.length
    expect(field.takeRows(bytes, 2, bytes.length)).to.deep.equal({ rows: 2, end: 2 + size })
    expect(seen).to.deep.equal(['a', 'bc'])
    const rest = ['0', '1', '2'].map((value) => message('d', tuple(value)))
    expect(sink.given).to.deep.equal(Buffer.concat(rest))
  })

  it('observes the rows of a chunk before the one that the sink rejects', () => {
    const seen: string[] = []
    const field = new LeadingField(takingSink(1, new Error('refused')), (bytes, start, end) =>
      seen.push(bytes.toString('latin1', start, end)),
    )
    const bytes = Buffer.concat(['a', 'b'].map((value) => message('d', tuple(value))))
    expect(() => field.takeRows(bytes, 0, bytes.length)).to.throw('refused')
    expect(seen).to.deep.equal(['a'])
  })

  it('passes rows on one by one after a row without its field', () => {
    const sink = takingSink(1)
    const field = new LeadingField(sink, () => undefined)
    const good = message('d', tuple('a'))
    const bytes = Buffer.concat([good, message('d', tuple(null)), good])
    const taken = field.takeRows(bytes, 0, bytes.length)
    expect(taken).to.deep.equal({ rows: 1, end: good.length })
    expect(sink.given).to.deep.equal(message('d', tuple()))
  })

  it('rejects a tuple whose first field is null', () => {
    const field = new LeadingField({ rows: 0, tuple: () => undefined }, () => undefined)
    const bytes = Buffer.from([0, 1, 0xff, 0xff, 0xff, 0xff])
    expect(() => field.tuple(bytes, 0, bytes.length)).to.throw(RangeError)
  })
})

describe('TidTracker', () => {
  it('reads pages above 2^31 and the index within them', () => {
    const tracker = new TidTracker()
    tracker.observe(Buffer.from([0xff, 0xff, 0xff, 0xfe, 1, 2]), 0, 6)
    expect(tracker.page).to.equal(0xffff_fffe)
    expect(tracker.tuple).to.equal(0x102)
  })
})

describe('GroupTracker', () => {
  it('returns the last complete value and the number of its rows', () => {
    const tracker = new GroupTracker()
    for (const value of ['a', 'a', 'b', 'b', 'b', 'c']) {
      tracker.observe(Buffer.from(value), 0, 1)
    }
    expect(tracker.completed).to.deep.equal({ bytes: Buffer.from('b'), rows: 3 })
    expect(tracker.current).to.deep.equal({ bytes: Buffer.from('c'), rows: 1 })
  })

  it('returns no complete value while all rows have the same one', () => {
    const tracker = new GroupTracker()
    tracker.observe(Buffer.from('a'), 0, 1)
    expect(tracker.completed).to.equal(null)
  })
})
