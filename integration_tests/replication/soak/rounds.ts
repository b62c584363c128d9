import { TestDatabase } from '../../helpers/database.ts'
import type { Server } from '../../helpers/server.ts'
import { Lane, LANE_KINDS, type LaneReport } from './lane.ts'
import { Random } from './random.ts'
import { createTables } from './tables.ts'
import { type WriterCounts, Writers } from './writers.ts'

/** How much to do; a round is one sync, killed or finished. */
export interface RoundsOptions {
  readonly seed: number
  readonly rounds: number
  /** Told after each phase. */
  readonly onPhase?: (report: PhaseReport) => void
}

/** What came of a phase: its writers are stopped, everything is committed or rolled back. */
export interface PhaseReport {
  readonly rounds: number
  readonly kills: number
  readonly writes: WriterCounts
  readonly lanes: readonly LaneReport[]
}

const ROUNDS_PER_PHASE = 50

/**
 * Syncs against writers, in phases: in each all lanes run and are killed while the writers write, then the writers
 * stop, a last sync runs and everything is compared. The states of the consumers live on from phase to phase.
 */
export async function runRounds(
  server: Server,
  { seed, rounds, onPhase }: RoundsOptions,
): Promise<PhaseReport[]> {
  await using database = await TestDatabase.create(server)
  await createTables(database)
  const random = new Random(seed)
  const lanes: Lane[] = []
  const reports: PhaseReport[] = []
  try {
    for (const kind of LANE_KINDS) {
      lanes.push(await Lane.create(database, kind, new Random(random.below(2 ** 31))))
    }
    for (let done = 0; done < rounds; done += reports.at(-1)?.rounds ?? rounds) {
      const phase = {
        seed: random.below(2 ** 31),
        rounds: Math.min(ROUNDS_PER_PHASE, rounds - done),
      }
      const report = await runPhase(database, lanes, phase)
      reports.push(report)
      onPhase?.(report)
    }
  } finally {
    for (const lane of lanes) await lane[Symbol.asyncDispose]()
  }
  return reports
}

async function runPhase(
  database: TestDatabase,
  lanes: readonly Lane[],
  { seed, rounds }: { readonly seed: number; readonly rounds: number },
): Promise<PhaseReport> {
  const writers = new Writers(database, { seed })
  const perLane = Math.max(Math.ceil(rounds / lanes.length) - 2, 0)
  try {
    await Promise.all(lanes.map((lane) => runLane(lane, perLane)))
  } catch (error) {
    await writers.stop()
    throw error
  }
  const writes = await writers.stop()
  const reports = await Promise.all(lanes.map((lane) => lane.finish(database)))
  return {
    rounds: (perLane + 2) * lanes.length,
    kills: lanes.reduce((sum, { kills }) => sum + kills, 0),
    writes,
    lanes: reports.flat(),
  }
}

async function runLane(lane: Lane, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) await lane.round()
  await lane.roundInFullRefresh()
}
