import { withAllSchemas } from '../introspection/all-schemas.ts'
import { describeUnreadable, discoverRelations } from '../introspection/discovery.ts'
import { parseConfig } from '../config/parse-config.ts'
import { ConnectorError } from '../errors.ts'
import { Database } from '../postgres/session/database.ts'
import { errorTrace, type Message } from '../protocol/messages.ts'
import { NO_PROGRESS, reportHealth } from '../monitoring/health-report.ts'
import { readMethodHealth } from '../monitoring/method-health.ts'
import { joinProblems } from './problems.ts'
import { connectOptions, log, logger, type Run } from '../run-context.ts'
import { buildConfiguredCatalog } from '../catalog/configured-catalog.ts'
import { toCatalog } from '../catalog/stream.ts'
import type { Relation } from '../introspection/relation.ts'
import type { MethodContext } from '../replication/method.ts'
import { incrementalMethod, offersOf } from '../replication/methods.ts'
import { planStreams } from '../replication/plan-streams.ts'
import { adviseOnServer } from '../monitoring/server-advice.ts'

/**
 * Checks a config: SUCCEEDED, or FAILED with all problems. It does not throw errors that the user
 * can fix, because the check itself was successful.
 */
export async function check(run: Run, rawConfig: () => Promise<unknown>): Promise<void> {
  try {
    const problems = await findProblems(run, await rawConfig())
    if (problems.length === 0) run.output.write(status('SUCCEEDED'))
    else reportFailure(run, joinProblems(problems))
  } catch (error) {
    run.signal.throwIfAborted()
    reportFailure(run, ConnectorError.from(error))
  }
}

async function findProblems(run: Run, raw: unknown): Promise<readonly ConnectorError[]> {
  const { config: given, warnings } = parseConfig(raw)
  for (const warning of warnings) log(run, 'WARN', warning)
  await using database = await Database.connect(given, connectOptions(run))
  const config = await withAllSchemas(database, given)
  for (const { level, message } of adviseOnServer(database.server, config)) log(run, level, message)
  const { relations, problems, unreadable } = await discoverRelations(database, config)
  for (const warning of describeUnreadable(unreadable)) log(run, 'WARN', warning)
  const unmet = await findReadProblems(relations, { config, database, log: logger(run) })
  const method = await readMethodHealth(database, config, config.connectTimeoutMs)
  const { level, message, health } = await reportHealth(database, config, {
    ...NO_PROGRESS,
    method,
  })
  log(run, level, message, health)
  return [...problems, ...unmet]
}

/**
 * Finds problems that prevent the config's replication method from reading, and problems of a
 * `table` or `query` of the config, which are read without a catalog.
 */
async function findReadProblems(
  relations: readonly Relation[],
  context: MethodContext,
): Promise<readonly ConnectorError[]> {
  const { config } = context
  const offerOf = await offersOf(relations, context)
  const isNarrow = config.table !== null || config.query !== null
  const { streams } = toCatalog(isNarrow ? relations : [], offerOf)
  const { needsCursor } = incrementalMethod(config)
  const configured = buildConfiguredCatalog(streams, { ...config, needsCursor })
  const planning = planStreams(configured, { relations }, config)
  const plans = planning.plans.filter(({ syncMode }) => syncMode === 'incremental')
  const unmet = await incrementalMethod(config).prerequisites(plans, context)
  return [...planning.problems.map(({ error }) => error), ...unmet]
}

/**
 * Reports a failure like the official connector: the trace always has `config_error`, because a
 * check is about the config.
 */
function reportFailure({ output, startedAtMs }: Run, error: ConnectorError): void {
  const asConfigError = new ConnectorError('config_error', error.message, { cause: error.cause })
  output.write(errorTrace(asConfigError, startedAtMs))
  output.write(
    status('FAILED', `Could not connect with provided configuration. Error: ${error.message}`),
  )
}

function status(outcome: 'SUCCEEDED' | 'FAILED', message?: string): Message {
  return {
    type: 'CONNECTION_STATUS',
    connectionStatus: message === undefined ? { status: outcome } : { status: outcome, message },
  }
}
