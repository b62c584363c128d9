import { parseArgs } from 'node:util'
import { printLines, textTable } from '../../helpers/report.ts'
import { Server } from '../../helpers/server.ts'
import { phaseTable } from './phase-table.ts'
import { type PhaseReport, runRounds } from './rounds.ts'

/**
 * Runs the test against concurrent writers for any number of rounds, on a new server: `node
 * dist/integration_tests/replication/soak/soak.js --rounds 5000 --seed 7`. Exits with 1 if a row
 * was lost.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '2000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    },
  })
  const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
  printLines(`${rounds} rounds, seed ${seed}`)
  await using server = await Server.start()
  let lost = 0
  const onPhase = (report: PhaseReport): void => {
    const missing = report.consumers.flatMap(({ consumer, stream, comparison }) =>
      comparison.missing.map((row) => `LOST ${consumer} ${stream} ${row.slice(0, 80)}`),
    )
    lost += missing.length
    printLines(textTable(...phaseTable([report])), JSON.stringify(report.writes), ...missing)
  }
  await runRounds(server, { seed, rounds, onPhase })
  printLines(lost === 0 ? 'Nothing lost.' : `${lost} rows lost.`)
  return lost === 0 ? 0 : 1
}

process.exitCode = await main()
