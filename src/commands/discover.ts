import type { ArrowOptions } from '../writers/arrow/arrow-fields.ts'
import { describeUnreadable, discoverRelations } from '../introspection/discovery.ts'
import type { Relation } from '../introspection/relation.ts'
import { offeredColumns } from '../introspection/replication/change-columns.ts'
import { streamLabel } from '../protocol/stream-names.ts'
import { toCatalog } from '../catalog/stream.ts'
import { parseConfig } from '../config/parse-config.ts'
import { Database } from '../postgres/session/database.ts'
import type { AirbyteStream, StreamDescriptor } from '../protocol/messages.ts'
import { joinProblems } from './problems.ts'
import type { MethodContext } from '../replication/method.ts'
import { offersOf } from '../replication/methods.ts'
import { connectOptions, log, logger, type Run } from '../run-context.ts'
import { streamTable } from '../terminal/stream-table.ts'

/**
 * Prints the catalog, with Arrow schemas if `arrow` requests them. If the run has an output for
 * other data than messages, a human-readable table is printed there instead.
 * @throws ConnectorError config_error with all problems that prevent discovery.
 */
export async function discover(
  run: Run,
  raw: unknown,
  arrow: ArrowOptions | null = null,
): Promise<void> {
  const { config, warnings } = parseConfig(raw)
  for (const warning of warnings) log(run, 'WARN', warning)
  await using database = await Database.connect(config, connectOptions(run))
  const { relations, problems, unreadable } = await discoverRelations(database, config)
  for (const warning of describeUnreadable(unreadable)) log(run, 'WARN', warning)
  if (problems.length > 0) throw joinProblems(problems)
  const context: MethodContext = { config, database, log: logger(run) }
  const offerOf = await offersOf(relations, context)
  if (run.data !== null) {
    run.data.buffer.utf8(streamTable(relations, offerOf))
    await run.data.flush()
    return
  }
  const catalog = toCatalog(relations, offerOf)
  const streams =
    arrow === null ? catalog.streams : await withArrowSchemas(catalog.streams, relations, arrow)
  run.output.write({ type: 'CATALOG', catalog: { streams } })
}

/** apache-arrow is loaded only here. */
async function withArrowSchemas(
  streams: readonly AirbyteStream[],
  relations: readonly Relation[],
  options: ArrowOptions,
): Promise<readonly AirbyteStream[]> {
  const { describeSchema } = await import('../writers/arrow/describe-schema.ts')
  const columns = new Map(
    relations.map((relation) => {
      const offered = offeredColumns(relation)
      const isLogged = relation.log?.refusal === null
      // A deleted row may have only the values of its key
      const sources = isLogged ? offered.map((each) => ({ ...each, isNullable: true })) : offered
      return [streamLabel(relationName(relation)), sources]
    }),
  )
  return streams.map((stream) => {
    const arrow_schema = describeSchema(columns.get(streamLabel(stream))!, options)
    return { ...stream, arrow_schema }
  })
}

function relationName({ name, schema }: Relation): StreamDescriptor {
  return { name, namespace: schema }
}
