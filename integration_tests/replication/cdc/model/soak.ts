import { parseArgs } from 'node:util'
import { mochaGlobalSetup, mochaGlobalTeardown } from '../../../helpers/shared-server.ts'
import { printLines } from '../../../helpers/report.ts'
import { Random } from '../../soak/random.ts'
import { runModel } from './model.ts'

/** Rounds on one database. */
const ROUNDS = 20

/**
 * Runs the CDC model test for any number of rounds, with a line of figures for each database: `node
 * dist/integration_tests/replication/cdc/model/soak.js --rounds 2000 --seed 7`. Exits with 1 if the
 * records of a database do not fold to its tables.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '2000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    },
  })
  const totals = { rounds: 0, kills: 0, cuts: 0, records: 0, repeats: 0, differences: 0 }
  await mochaGlobalSetup()
  for (let seed = Number(values.seed); totals.rounds < Number(values.rounds); seed++) {
    const { differences, ...figures } = await runModel(new Random(seed), {
      rounds: ROUNDS,
      disturbed: 0.6,
    })
    printLines(`seed ${seed}: ${JSON.stringify(figures)}`, ...differences)
    totals.rounds += ROUNDS
    totals.kills += figures.kills
    totals.cuts += figures.cuts
    totals.records += figures.records
    totals.repeats += figures.repeats
    totals.differences += differences.length
  }
  await mochaGlobalTeardown()
  printLines(JSON.stringify(totals))
  return totals.differences === 0 ? 0 : 1
}

process.exitCode = await main()
