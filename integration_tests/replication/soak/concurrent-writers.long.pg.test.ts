import { expect } from 'chai'
import { printLines, textTable } from '../../helpers/report.ts'
import { sharedServer } from '../../helpers/shared-server.ts'
import { phaseTable } from './phase-table.ts'
import { runRounds } from './rounds.ts'

const ROUNDS = 200
const SEED = 20_261

describe('read, against concurrent writers', function () {
  this.timeout(400_000)

  it(`delivers every committed row in its final version in ${ROUNDS} killed or finished syncs`, async () => {
    const started = performance.now()
    const reports = await runRounds(await sharedServer(), { seed: SEED, rounds: ROUNDS })
    const seconds = (performance.now() - started) / 1000
    printLines(textTable(...phaseTable(reports)), `${seconds.toFixed(0)} s, seed ${SEED}`)
    const lost = reports.flatMap(({ consumers }, phase) =>
      consumers.flatMap(({ consumer, stream, comparison: { missing } }) =>
        missing.map((row) => `phase ${phase + 1}, ${consumer}, ${stream}: ${row.slice(0, 80)}`),
      ),
    )
    expect(lost.length, lost.slice(0, 20).join('\n')).to.equal(0)
    expect(reports.at(-1)?.kills, 'syncs that were killed').to.be.greaterThan(ROUNDS / 4)
  })
})
