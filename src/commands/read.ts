import { selectStreams } from '../catalog/select-streams.ts'
import type { Config } from '../config/config.ts'
import { parseConfig } from '../config/parse-config.ts'
import { ConnectorError } from '../errors.ts'
import { withAllSchemas } from '../introspection/all-schemas.ts'
import { Database } from '../postgres/session/database.ts'
import {
  type ConfiguredStream,
  type StreamDescriptor,
  streamEstimate,
} from '../protocol/messages.ts'
import { streamLabel } from '../protocol/stream-names.ts'
import type { Feed } from '../replication/feed.ts'
import { feedsOf } from '../replication/methods.ts'
import { findEndedLoads } from '../replication/snapshot/full-refresh.ts'
import type { Shard } from '../replication/snapshot/shards.ts'
import type { StreamPlan } from '../replication/stream-plan.ts'
import { InputStates } from '../state/input-states.ts'
import { type ArrowOutput, prepareOutput } from '../writers/arrow/arrow-output.ts'
import { RecordWriters } from '../writers/records/record-writers.ts'
import type { Writers } from '../writers/writer.ts'
import { HealthLog } from '../monitoring/health-log.ts'
import { Planner, type ReadPlan } from './planner.ts'
import { dividedFeed } from './processes/divided-feed.ts'
import type { Processes } from './processes/shard-group.ts'
import { Turns } from './processes/turns.ts'
import { importSnapshot, shardConfig, shardStream } from './shard-input.ts'
import { Progress } from '../terminal/progress.ts'
import { type PlannedFeeds, readWithRetries } from '../sync/read-with-retries.ts'
import { withRetries } from '../sync/retries.ts'
import { connectOptions, logOnce, type Run } from '../run-context.ts'
import { adviseOnStatistics } from '../monitoring/server-advice.ts'
import { RunStates } from '../sync/run-states.ts'
import { StateFile } from '../sync/state-file.ts'
import { StreamStatuses } from '../sync/stream-statuses.ts'

/** `--state-out` and the current content of that file; null: it does not exist. */
interface StateTarget {
  readonly path: string
  readonly saved: InputStates | null
}

/** The parsed input files of a read; null: not given. */
export interface ReadInput {
  readonly config: unknown
  readonly catalog: readonly ConfiguredStream[] | null
  readonly states: InputStates | null
  /** `name` or `namespace.name`; none: all. */
  readonly streams: readonly string[]
  /** Where states are saved; null: nowhere. */
  readonly stateOut: StateTarget | null
  /** Null: whole streams are read. */
  readonly shard: Shard | null
  /** Null: records are JSON. */
  readonly arrow: ArrowOutput | null
  /** Null: this process reads everything. */
  readonly processes: Processes | null
}

/**
 * Reads the selected streams in one snapshot.
 * @throws ConnectorError that ends the run, after the statuses and the last states were emitted.
 */
export async function read(run: Run, input: ReadInput): Promise<void> {
  const { config: parsed, warnings } = parseConfig(input.config)
  for (const warning of warnings) logOnce(run, warning)
  const { catalog, shard } = input
  const given = shard === null ? parsed : shardConfig(parsed)
  const configured = selectConfigured(catalog, input.streams, shard)
  const states = new RunStates(input.states ?? new InputStates([]))
  if (input.arrow !== null) await prepareOutput(input.arrow)
  await using stateFile = await openStateFile(run, input)
  await using database = await Database.connect(given, connectOptions(run))
  const config = await withAllSchemas(database, given)
  const imported = shard === null ? null : await importSnapshot(database, shard)
  const ranges = shard?.ranges ?? null
  const planner = new Planner(run, { ...input, config, database, ranges }, configured)
  const { plans, problems } = await withRetries(
    run,
    config.maxRetries,
    async () => await planner.plan(),
  )
  // A catalog is that of a platform, which removes the states of full refreshes itself
  if (catalog === null && shard === null) states.discard(findEndedLoads(plans, states))
  estimate(run, plans)
  const advice = await adviseOnStatistics(
    database,
    plans.map(({ relation }) => relation),
  )
  if (advice !== null) logOnce(run, advice)
  await using health = await HealthLog.start(run, config, database)
  const descriptors = [...plans, ...problems].map(({ descriptor }) => descriptor)
  using progress = new Progress(run.terminal, descriptors)
  const statuses = new StreamStatuses(run, descriptors)
  await using writers = await openWriters(run, config, { arrow: input.arrow, descriptors })
  const divide = divider(run, input, writers)
  const feedsFor = (planned: ReadPlan): PlannedFeeds => {
    return { feeds: feedsOf(planned.plans, config).map(divide), problems: planned.problems }
  }
  const renew = async (): Promise<PlannedFeeds> => feedsFor(await planner.plan())
  const source = { first: feedsFor({ plans, problems }), renew }
  const reports = { statuses, health, progress, stateFile, writers }
  const parts = { config, database, imported, states, ...reports }
  await readWithRetries(run, source, parts)
}

function selectConfigured(
  catalog: readonly ConfiguredStream[] | null,
  names: readonly string[],
  shard: Shard | null,
): readonly ConfiguredStream[] | null {
  if (shard !== null) return [shardStream(catalog, shard)]
  return catalog === null ? null : selectStreams(catalog, names)
}

/** Returns a function that makes feeds for several processes. */
function divider(
  run: Run,
  { processes, arrow, config }: ReadInput,
  { parts }: Writers,
): (feed: Feed) => Feed {
  if (processes === null || arrow === null || parts === null) return (feed) => feed
  const division = { processes, parts, config, isExact: arrow.isExact, turns: new Turns() }
  return (feed) => dividedFeed(run, feed, division)
}

/** apache-arrow is loaded only here. */
async function openWriters(
  run: Run,
  config: Config,
  { arrow, descriptors }: { arrow: ArrowOutput | null; descriptors: readonly StreamDescriptor[] },
): Promise<Writers> {
  if (arrow === null) return new RecordWriters(run)
  if (arrow.directory === null && descriptors.length !== 1) {
    const names = descriptors.map(streamLabel).join(', ')
    const message = `Arrow on stdout is one stream, and these are selected: ${names}. Choose one with --stream, or give a directory with --output.`
    throw new ConnectorError('config_error', message)
  }
  const { ArrowWriters } = await import('../writers/arrow/arrow-writers.ts')
  return new ArrowWriters(run, config, arrow)
}

/** The state from which the read resumes takes precedence over the content of the file. */
async function openStateFile(run: Run, { stateOut, states }: ReadInput): Promise<StateFile | null> {
  if (stateOut === null) return null
  const saved = [stateOut.saved, states].flatMap((each) => each?.contents ?? [])
  return await StateFile.open(stateOut.path, run, saved)
}

function estimate({ output, startedAtMs }: Run, plans: readonly StreamPlan[]): void {
  for (const { relation, descriptor } of plans) {
    const { estimatedRows: rows, sizeBytes: bytes } = relation
    if (rows === null) continue
    output.write(streamEstimate(descriptor, { rows: Math.round(rows), bytes }, startedAtMs))
  }
}
