import { expect } from 'chai'
import { ConsumerPace } from './consumer-pace.ts'

describe('ConsumerPace', () => {
  it('is the share of the last half minute that was spent waiting', () => {
    const pace = new ConsumerPace(100)
    expect(pace.share(0, 0)).to.equal(0)
    expect(pace.share(50, 25)).to.equal(0.5)
    expect(pace.share(100, 75)).to.equal(0.75)
    expect(pace.share(150, 75)).to.equal(0.5)
    expect(pace.share(300, 75)).to.equal(0)
  })
})
