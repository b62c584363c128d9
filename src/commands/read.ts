import { buildConfiguredCatalog, parseConfiguredCatalog } from '../catalog/configured-catalog.ts'
import { discoverRelations } from '../catalog/discovery.ts'
import type { Relation } from '../catalog/relation.ts'
import { toCatalog } from '../catalog/stream.ts'
import type { Config } from '../config/config.ts'
import { parseConfig } from '../config/parse-config.ts'
import { ConnectorError } from '../errors.ts'
import { Database } from '../postgres/database.ts'
import { ReadTransaction } from '../postgres/read-transaction.ts'
import { type ConfiguredStream, streamEstimate } from '../protocol/messages.ts'
import type { ReadContext } from '../replication/method.ts'
import { methodOf } from '../replication/methods.ts'
import { planStreams } from '../replication/plan-streams.ts'
import type { StreamPlan } from '../replication/stream-plan.ts'
import { parseStates } from '../state/parse-states.ts'
import { HealthLog } from './health-log.ts'
import { log, type Run } from './run.ts'
import { StatusBoard } from './status-board.ts'

/** The parsed input files of a read; null: not given. */
export interface ReadInput {
  readonly config: unknown
  readonly catalog: unknown
  readonly state: unknown
}

/**
 * Reads the selected streams one after the other in one snapshot.
 * @throws ConnectorError that ends the run; statuses and the last states are in the output by then.
 */
export async function read(run: Run, input: ReadInput): Promise<void> {
  const { config, warnings } = parseConfig(input.config)
  for (const warning of warnings) log(run, 'WARN', warning)
  const configured = input.catalog === null ? null : parseConfiguredCatalog(input.catalog)
  const states = parseStates(input.state ?? [])
  await using database = await Database.connect(config)
  const plans = await planRead(run, { config, configured, database })
  for (const plan of plans) plan.state = states.find(plan.descriptor)
  for (const { relation, descriptor } of plans) {
    const { estimatedRows: rows, sizeBytes: bytes } = relation
    if (rows !== null) {
      run.output.write(
        streamEstimate(descriptor, { rows: Math.round(rows), bytes }, run.startedAtMs),
      )
    }
  }
  await readPlans(run, { config, database, plans })
}

interface Selection {
  readonly config: Config
  readonly configured: readonly ConfiguredStream[] | null
  readonly database: Database
}

async function planRead(
  run: Run,
  { config, configured, database }: Selection,
): Promise<readonly StreamPlan[]> {
  const { relations, problems } = await discoverRelations(database, scopeOf(config, configured))
  const selected = configured ?? selectByConfig(config, relations, problems)
  const facts = { config, encoding: database.server.encoding }
  const planning = planStreams(selected, relations, facts)
  if (planning.problems.length > 0) throw joined(planning.problems)
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
  if (problems.length > 0) throw joined(problems)
  const { streams } = toCatalog(relations, config.replicationMethod)
  return buildConfiguredCatalog(streams, config)
}

function joined(problems: readonly ConnectorError[]): ConnectorError {
  const message = problems.map((problem) => problem.message).join(' ')
  return new ConnectorError('config_error', message, { cause: problems[0] })
}

interface Reading {
  readonly config: Config
  readonly database: Database
  readonly plans: readonly StreamPlan[]
}

async function readPlans(run: Run, { config, database, plans }: Reading): Promise<void> {
  const statuses = new StatusBoard(run, plans)
  await using health = await HealthLog.start(run, config, database)
  await using transaction = await ReadTransaction.begin(database, config)
  const onAbort = (): void => transaction.abort(run.signal.reason as Error)
  run.signal.addEventListener('abort', onAbort)
  const context: ReadContext = {
    config,
    database,
    transaction,
    out: run.output.buffer,
    emittedAtMs: run.startedAtMs,
    log: (level, message) => log(run, level, message),
  }
  try {
    for (const plan of plans) await readPlan(run, plan, { context, statuses, health })
  } catch (error) {
    statuses.incomplete()
    throw error
  } finally {
    run.signal.removeEventListener('abort', onAbort)
  }
}

interface Reporting {
  readonly context: ReadContext
  readonly statuses: StatusBoard
  readonly health: HealthLog
}

async function readPlan(
  run: Run,
  plan: StreamPlan,
  { context, statuses, health }: Reporting,
): Promise<void> {
  run.signal.throwIfAborted()
  statuses.started(plan.descriptor)
  for await (const event of methodOf(plan, context.config).read(plan, context)) {
    if (event.type === 'ROWS') {
      statuses.running(plan.descriptor)
      health.count(event)
    } else {
      run.output.write(event)
    }
    await run.output.drain()
    run.signal.throwIfAborted()
  }
  statuses.complete(plan.descriptor)
}
