import { expect } from 'chai'
import { Random } from '../soak/random.ts'
import { runModel } from './model.ts'

/** Rounds by seed; each is a sync while three writers work. */
const SEEDS = [1, 2, 3]
const ROUNDS = 12

describe('CDC, against concurrent writers', function () {
  this.timeout(900_000)

  for (const seed of SEEDS) {
    it(`the records of killed and cut syncs fold to the tables, seed ${seed}`, async () => {
      const report = await runModel(new Random(seed), { rounds: ROUNDS, disturbed: 0.6 })
      expect(report.differences).to.deep.equal([])
      expect(report.kills + report.cuts).to.be.greaterThan(0)
    })
  }

  it('without kills no record is repeated', async () => {
    const report = await runModel(new Random(4), { rounds: 8, disturbed: 0 })
    expect(report.differences).to.deep.equal([])
    expect(report.repeats).to.equal(0)
  })
})
