import { expect } from 'chai'
import { requestedMajor } from '../../../helpers/binaries.ts'
import { Random } from '../../soak/random.ts'
import { runModel } from './model.ts'

/** On each of the two majors that run it: 200 rounds in total. */
const RUNS = 5
const ROUNDS = 20

describe('CDC, against concurrent writers', function () {
  this.timeout(900_000)

  for (let run = 1; run <= RUNS; run++) {
    const seed = requestedMajor() * 100 + run
    it(`the records of interrupted syncs fold to the tables, seed ${seed}`, async () => {
      const report = await runModel(new Random(seed), { rounds: ROUNDS, disturbed: 0.6 })
      expect(report.differences).to.deep.equal([])
      expect(report.kills + report.cuts).to.be.greaterThan(0)
    })
  }

  it('no record is repeated without interruptions', async () => {
    const report = await runModel(new Random(4), { rounds: 8, disturbed: 0 })
    expect(report.differences).to.deep.equal([])
    expect(report.repeats).to.equal(0)
  })
})
