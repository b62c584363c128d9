import { expect } from 'chai'
import { parseTimelineHistory } from './timeline-history.ts'

describe('parseTimelineHistory', () => {
  it('has the end of each timeline', () => {
    const content =
      '1\t0/3000148\tno recovery target specified\n\n2\t1/A0000000\tbefore 2024-01-31 12:00:00\n# comment\n'
    expect([...parseTimelineHistory(content)]).to.deep.equal([
      [1, 0x3000148n],
      [2, 0x1a0000000n],
    ])
  })

  it('is empty for the first timeline', () => {
    expect([...parseTimelineHistory('')]).to.deep.equal([])
  })
})
