import { buildConfiguredCatalog, parseConfiguredCatalog } from '../catalog/configured-catalog.ts'
import { discoverRelations } from '../introspection/discovery.ts'
import type { Relation } from '../introspection/relation.ts'
import { labelOfStream, selectStreams } from '../catalog/select-streams.ts'
import { toCatalog } from '../catalog/stream.ts'
import type { Config } from '../config/config.ts'
import { parseConfig } from '../config/parse-config.ts'
import { ConnectorError } from '../errors.ts'
import { Database } from '../postgres/session/database.ts'
import { type ConfiguredStream, streamEstimate } from '../protocol/messages.ts'
import { methodOf } from '../replication/methods.ts'
import { planStreams } from '../replication/plan-streams.ts'
import type { StreamPlan } from '../replication/stream-plan.ts'
import { parseStates } from '../state/parse-states.ts'
import { type ArrowOutput, toArrowPlan } from '../writers/arrow/arrow-plan.ts'
import { type Destination, RecordDestination } from '../writers/writer.ts'
import { HealthLog } from '../monitoring/health-log.ts'
import { joinProblems } from './problems.ts'
import { Progress } from '../terminal/progress.ts'
import { readWithRetries } from '../sync/read-with-retries.ts'
import { log, type Run } from '../run-context.ts'
import { noteStatistics } from '../monitoring/server-notes.ts'
import { StateFile } from '../sync/state-file.ts'

/** `--state-out` and what that file already holds. */
interface StateTarget {
  readonly path: string
  readonly saved: unknown
}

/** The parsed input files of a read; null: not given. */
export interface ReadInput {
  readonly config: unknown
  readonly catalog: unknown
  readonly state: unknown
  /** `name` or `namespace.name`; none: all. */
  readonly streams: readonly string[]
  /** Where the states are kept up to date; null: nowhere. */
  readonly stateOut: StateTarget | null
  /** Null: records are JSON. */
  readonly arrow: ArrowOutput | null
}

/**
 * Reads the selected streams one after the other, in one snapshot.
 * @throws ConnectorError that ends the run; statuses and the last states are in the output by then.
 */
export async function read(run: Run, input: ReadInput): Promise<void> {
  const { config, warnings } = parseConfig(input.config)
  for (const warning of warnings) log(run, 'WARN', warning)
  const configured =
    input.catalog === null
      ? null
      : selectStreams(parseConfiguredCatalog(input.catalog), input.streams)
  const states = parseStates(input.state ?? [])
  await using database = await Database.connect(config, (text) => log(run, 'WARN', text))
  database.cancelOn(run.signal)
  const { arrow, streams } = input
  const makePlans = async (): Promise<readonly StreamPlan[]> => {
    const planned = await planRead(run, { config, configured, database, streams })
    return arrow === null ? planned : planned.map(toArrowPlan)
  }
  const plans = await makePlans()
  for (const plan of plans) plan.state = states.find(plan.descriptor)
  estimate(run, plans)
  const note = await noteStatistics(
    database,
    plans.map(({ relation }) => relation),
  )
  if (note !== null) log(run, 'WARN', note)
  await using health = await HealthLog.start(run, config, database)
  using progress = new Progress(run.terminal, plans.length)
  const stateFile = openStateFile(run, input)
  try {
    await using destination = await openDestination(run, config, { arrow, plans })
    const reading = { config, database, plans, makePlans, health, progress, stateFile, destination }
    await readWithRetries(run, reading)
  } finally {
    if (stateFile !== null) await deliverStates(run, stateFile)
  }
}

/** Arrow's library is loaded only here. */
async function openDestination(
  run: Run,
  config: Config,
  { arrow, plans }: { arrow: ArrowOutput | null; plans: readonly StreamPlan[] },
): Promise<Destination> {
  if (arrow === null) return new RecordDestination(run)
  if (arrow.directory === null && plans.length !== 1) {
    const names = plans.map(({ descriptor }) => labelOfStream(descriptor)).join(', ')
    const message = `Arrow on stdout is one stream, and these are selected: ${names}. Choose one with --stream, or give a directory with --output.`
    throw new ConnectorError('config_error', message)
  }
  const { ArrowDestination } = await import('../writers/arrow/arrow-destination.ts')
  return new ArrowDestination(run, config, arrow)
}

/** What the read goes on from wins over what the file held. */
function openStateFile({ output }: Run, { stateOut, state }: ReadInput): StateFile | null {
  if (stateOut === null) return null
  return new StateFile(stateOut.path, output, [stateOut.saved, state].flat())
}

/** What the consumer no longer takes is not saved. */
async function deliverStates({ output }: Run, stateFile: StateFile): Promise<void> {
  try {
    await output.flush()
  } finally {
    await stateFile.finish()
  }
}

interface Selection {
  readonly config: Config
  readonly configured: readonly ConfiguredStream[] | null
  readonly database: Database
  readonly streams: readonly string[]
}

async function planRead(
  run: Run,
  { config, configured, database, streams }: Selection,
): Promise<readonly StreamPlan[]> {
  const names = configured?.map(({ stream }) => stream.name)
  const scope = scopeOf(config, configured)
  const { relations, problems } = await discoverRelations(database, scope, names)
  const selected = configured ?? selectStreams(selectByConfig(config, relations, problems), streams)
  const planning = planStreams(selected, relations, config)
  const unmet = planning.plans.flatMap((plan) => methodOf(plan, config).prerequisite(plan) ?? [])
  const all = [...planning.problems, ...unmet]
  if (all.length > 0) throw joinProblems(all)
  for (const warning of planning.warnings) log(run, 'WARN', warning)
  return planning.plans
}

/** With a catalog, that decides what is read, not the config's table. */
function scopeOf(config: Config, configured: readonly ConfiguredStream[] | null): Config {
  if (configured === null) return config
  const namespaces = configured.flatMap(({ stream }) => stream.namespace ?? [])
  return { ...config, table: null, schemas: [...new Set([...config.schemas, ...namespaces])] }
}

function selectByConfig(
  config: Config,
  relations: readonly Relation[],
  problems: readonly ConnectorError[],
): readonly ConfiguredStream[] {
  if (problems.length > 0) throw joinProblems(problems)
  const { streams } = toCatalog(relations, config.replicationMethod)
  return buildConfiguredCatalog(streams, config)
}

function estimate({ output, startedAtMs }: Run, plans: readonly StreamPlan[]): void {
  for (const { relation, descriptor } of plans) {
    const { estimatedRows: rows, sizeBytes: bytes } = relation
    if (rows === null) continue
    output.write(streamEstimate(descriptor, { rows: Math.round(rows), bytes }, startedAtMs))
  }
}
