import { expect } from 'chai'
import { tuple } from '../testing/bytes.ts'
import { LeadingField, TidTracker, GroupTracker } from './leading-field.ts'

describe('LeadingField', () => {
  for (const first of ['', 'a', 'abcdef']) {
    it(`takes '${first}' off and passes on the rest`, () => {
      const seen: string[] = []
      const rest: Buffer[] = []
      const sink = {
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

  it('a row that the sink refuses is not observed', () => {
    const seen: string[] = []
    const sink = {
      tuple: () => {
        throw new Error('refused')
      },
    }
    const field = new LeadingField(sink, () => seen.push('a'))
    const bytes = tuple(Buffer.from('abcdef'), Buffer.from('yz'))
    expect(() => field.tuple(bytes, 0, bytes.length)).to.throw('refused')
    expect(seen).to.deep.equal([])
  })

  it('refuses a tuple whose first field is null', () => {
    const field = new LeadingField({ tuple: () => undefined }, () => undefined)
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
  it('knows the last value that is complete, and how many rows had it', () => {
    const tracker = new GroupTracker()
    for (const value of ['a', 'a', 'b', 'b', 'b', 'c']) {
      tracker.observe(Buffer.from(value), 0, 1)
    }
    expect(tracker.completed).to.deep.equal({ bytes: Buffer.from('b'), rows: 3 })
    expect(tracker.current).to.deep.equal({ bytes: Buffer.from('c'), rows: 1 })
  })

  it('has completed nothing while one value goes on', () => {
    const tracker = new GroupTracker()
    tracker.observe(Buffer.from('a'), 0, 1)
    expect(tracker.completed).to.equal(null)
  })
})
