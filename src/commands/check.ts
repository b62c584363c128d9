import { discoverRelations } from '../introspection/discovery.ts'
import { parseConfig } from '../config/parse-config.ts'
import { ConnectorError } from '../errors.ts'
import { Database } from '../postgres/session/database.ts'
import { errorTrace, type Message } from '../protocol/messages.ts'
import { reportHealth } from '../monitoring/health-report.ts'
import { joinProblems } from './problems.ts'
import { checkMethod } from '../replication/methods.ts'
import { log, type Run } from '../run-context.ts'
import { noteServer } from '../monitoring/server-notes.ts'

/**
 * Says whether a config works: SUCCEEDED, or FAILED with everything that is wrong. It never throws what the user could
 * mend: either way the check itself was done.
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
  const { config, warnings } = parseConfig(raw)
  for (const warning of warnings) log(run, 'WARN', warning)
  await using database = await Database.connect(config, (text) => log(run, 'WARN', text))
  database.cancelOn(run.signal)
  for (const { level, message } of noteServer(database.server, config)) log(run, level, message)
  const { relations, problems } = await discoverRelations(database, config)
  const method = await checkMethod(database, config, relations)
  for (const warning of method.warnings) log(run, 'WARN', warning)
  const { level, message, health } = await reportHealth(database, config)
  log(run, level, message, health)
  return [...problems, ...method.problems]
}

/** As the official connector: the trace says `config_error` whatever it was, since a check is about the config. */
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
