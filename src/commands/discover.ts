import { discoverRelations } from '../catalog/discovery.ts'
import { toCatalog } from '../catalog/stream.ts'
import { parseConfig } from '../config/parse-config.ts'
import { Database } from '../postgres/database.ts'
import { joinProblems } from './problems.ts'
import { log, type Run } from './run.ts'
import { streamTable } from './stream-table.ts'

/**
 * Prints the catalog; when the run has a place for other things than messages, a table for a person goes there instead.
 * @throws ConnectorError config_error with everything that keeps the config's scope from being found.
 */
export async function discover(run: Run, raw: unknown): Promise<void> {
  const { config, warnings } = parseConfig(raw)
  for (const warning of warnings) log(run, 'WARN', warning)
  await using database = await Database.connect(config, (text) => log(run, 'WARN', text))
  database.cancelOn(run.signal)
  const { relations, problems } = await discoverRelations(database, config)
  if (problems.length > 0) throw joinProblems(problems)
  if (run.data !== null) {
    run.data.buffer.utf8(streamTable(relations, config.replicationMethod))
    await run.data.flush()
    return
  }
  run.output.write({ type: 'CATALOG', catalog: toCatalog(relations, config.replicationMethod) })
}
