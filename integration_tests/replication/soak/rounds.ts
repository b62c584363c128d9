import { TestDatabase } from '../../helpers/database.ts'
import type { Server } from '../../helpers/server.ts'
import { SoakConsumer, CONSUMER_KINDS, type ConsumerReport } from './soak-consumer.ts'
import { Random } from './random.ts'
import { createTables } from './tables.ts'
import { type WriterCounts, Writers } from './writers.ts'

/** Amount of work; a round is one sync, killed or finished. */
export interface RoundsOptions {
  readonly seed: number
  readonly rounds: number
  /** Called after each phase. */
  readonly onPhase?: (report: PhaseReport) => void
}

/** Result of a phase: its writers are stopped, everything is committed or rolled back. */
export interface PhaseReport {
  readonly rounds: number
  readonly kills: number
  readonly writes: WriterCounts
  readonly consumers: readonly ConsumerReport[]
}

const ROUNDS_PER_PHASE = 50

/**
 * Runs syncs against writers, in phases: in each phase, all consumers run and are killed while the
 * writers write, then the writers stop, a last sync runs and everything is compared. The states of
 * the consumers are kept between phases.
 */
export async function runRounds(
  server: Server,
  { seed, rounds, onPhase }: RoundsOptions,
): Promise<PhaseReport[]> {
  await using database = await TestDatabase.create(server)
  await createTables(database)
  const random = new Random(seed)
  const consumers: SoakConsumer[] = []
  const reports: PhaseReport[] = []
  try {
    for (const kind of CONSUMER_KINDS) {
      consumers.push(await SoakConsumer.create(database, kind, new Random(random.below(2 ** 31))))
    }
    for (let done = 0; done < rounds; done += reports.at(-1)?.rounds ?? rounds) {
      const phase = {
        seed: random.below(2 ** 31),
        rounds: Math.min(ROUNDS_PER_PHASE, rounds - done),
      }
      const report = await runPhase(database, consumers, phase)
      reports.push(report)
      onPhase?.(report)
    }
  } finally {
    for (const consumer of consumers) await consumer[Symbol.asyncDispose]()
  }
  return reports
}

async function runPhase(
  database: TestDatabase,
  consumers: readonly SoakConsumer[],
  { seed, rounds }: { readonly seed: number; readonly rounds: number },
): Promise<PhaseReport> {
  const writers = new Writers(database, { seed })
  const perConsumer = Math.max(Math.ceil(rounds / consumers.length) - 2, 0)
  try {
    await Promise.all(consumers.map((consumer) => runConsumer(consumer, perConsumer)))
  } catch (error) {
    await writers.stop()
    throw error
  }
  const writes = await writers.stop()
  const reports = await Promise.all(consumers.map((consumer) => consumer.finish(database)))
  return {
    rounds: (perConsumer + 2) * consumers.length,
    kills: consumers.reduce((sum, { kills }) => sum + kills, 0),
    writes,
    consumers: reports.flat(),
  }
}

async function runConsumer(consumer: SoakConsumer, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) await consumer.round()
  await consumer.roundInFullRefresh()
}
