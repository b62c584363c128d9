import { expect } from 'chai'
import { viewOf } from './byte-view.ts'

describe('viewOf', () => {
  it('counts from the beginning of the buffer, not of its memory', () => {
    const bytes = Buffer.from('0123456789').subarray(3, 7)
    expect(viewOf(bytes).getUint8(0)).to.equal(0x33)
    expect(() => viewOf(bytes).getUint8(4)).to.throw(RangeError)
  })

  it('is cached for the same buffer only', () => {
    const [a, b] = [Buffer.from([1]), Buffer.from([2])]
    expect(viewOf(a)).to.equal(viewOf(a))
    expect(viewOf(b).getUint8(0)).to.equal(2)
    expect(viewOf(a).getUint8(0)).to.equal(1)
  })
})
