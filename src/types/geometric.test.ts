import { expect } from 'chai'
import { writeGeometric } from './geometric.ts'
import { written } from '../testing/written.ts'

describe('writeGeometric', () => {
  for (const [text, expected] of [
    ['(3,7)', '(3.0,7.0)'],
    ['{4,5,-6}', '{4.0,5.0,-6.0}'],
    ['[(3,7),(15,18)]', '[(3.0,7.0),(15.0,18.0)]'],
    ['<(5,7),10>', '<(5.0,7.0),10.0>'],
    ['(1e+24,0)', '(1.0E24,0.0)'],
    ['(1e-05,-1.25e-10)', '(1.0E-5,-1.25E-10)'],
    ['(0.001,0.0009)', '(0.001,9.0E-4)'],
    ['(-0.00012,0.0001)', '(-1.2E-4,1.0E-4)'],
    ['(9999999.5,10000000)', '(9999999.5,1.0E7)'],
    ['(12345678.25,-120000000)', '(1.234567825E7,-1.2E8)'],
    ['(-0,0)', '(-0.0,0.0)'],
    ['(NaN,-Infinity)', '(NaN,-Infinity)'],
    ['(1.7976931348623157e+308,5e-324)', '(1.7976931348623157E308,5.0E-324)'],
    ['(9.999999999999999e+22,1)', '(9.999999999999999E22,1.0)'],
  ] as const) {
    it(`${text} → ${expected}`, () => {
      expect(written(writeGeometric, text).json).to.equal(JSON.stringify(expected))
    })
  }

  it('escapes quotes and control characters, which the server never prints here', () => {
    expect(written(writeGeometric, '"\n').json).to.equal('"\\"\\n"')
    expect(JSON.parse(written(writeGeometric, Buffer.from([0xff])).json)).to.equal('\ufffd')
  })
})
