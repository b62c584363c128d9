import type { ArrowOptions } from '../writers/arrow/arrow-fields.ts'
import { withAllSchemas } from '../introspection/all-schemas.ts'
import { describeUnreadable } from '../introspection/discovery.ts'
import { describeUngranted } from '../introspection/missing-streams.ts'
import type { Relation } from '../introspection/relation.ts'
import { streamKey } from '../protocol/stream-names.ts'
import { selectStreams } from '../catalog/select-streams.ts'
import { toCatalog } from '../catalog/stream.ts'
import { parseConfig } from '../config/parse-config.ts'
import { Database } from '../postgres/session/database.ts'
import type { AirbyteStream } from '../protocol/messages.ts'
import { arrowSchemas } from './arrow-schema.ts'
import { discoverStreams, streamOf } from './discover-streams.ts'
import { joinProblems } from './problems.ts'
import type { MethodContext } from '../replication/method.ts'
import { offersOf } from '../replication/methods.ts'
import { connectOptions, log, logger, type Run } from '../run-context.ts'

/** The parsed input of `discover`. */
export interface DiscoverInput {
  readonly config: unknown
  /** `name` or `namespace.name`; none: all. */
  readonly streams: readonly string[]
  /** Null: without Arrow schemas. */
  readonly arrow: ArrowOptions | null
}

/**
 * Prints the catalog, with Arrow schemas if `arrow` requests them. If the run has an output for
 * other data than messages, a human-readable table is printed there instead.
 * @throws ConnectorError config_error with all problems that prevent discovery.
 */
export async function discover(
  run: Run,
  { config: raw, streams: wanted, arrow }: DiscoverInput,
): Promise<void> {
  const { config: given, warnings } = parseConfig(raw)
  for (const warning of warnings) log(run, 'WARN', warning)
  await using database = await Database.connect(given, connectOptions(run))
  const config = await withAllSchemas(database, given)
  const discovery = await discoverStreams(database, config, wanted)
  const { problems, unreadable } = discovery
  for (const warning of describeUnreadable(unreadable)) log(run, 'WARN', warning)
  if (problems.length > 0) throw joinProblems(problems)
  const leftOut = describeUngranted(config.username, discovery.ungranted)
  if (leftOut !== null) log(run, 'INFO', leftOut)
  const relations = selectRelations(discovery.relations, wanted)
  const context: MethodContext = { config, database, log: logger(run) }
  const offerOf = await offersOf(relations, context)
  if (run.data !== null) {
    const { streamTable } = await import('../terminal/stream-table.ts')
    run.data.buffer.utf8(streamTable(relations, offerOf))
    await run.data.flush()
    return
  }
  const catalog = toCatalog(relations, offerOf)
  const streams =
    arrow === null ? catalog.streams : await withArrowSchemas(catalog.streams, relations, arrow)
  run.output.write({ type: 'CATALOG', catalog: { streams } })
}

function selectRelations(
  relations: readonly Relation[],
  wanted: readonly string[],
): readonly Relation[] {
  const streams = relations.map((relation) => ({ stream: streamOf(relation), relation }))
  return selectStreams(streams, wanted).map(({ relation }) => relation)
}

async function withArrowSchemas(
  streams: readonly AirbyteStream[],
  relations: readonly Relation[],
  options: ArrowOptions,
): Promise<readonly AirbyteStream[]> {
  const schemaOf = await arrowSchemas(options)
  const byKey = new Map(relations.map((relation) => [streamKey(streamOf(relation)), relation]))
  return streams.map((stream) => ({
    ...stream,
    arrow_schema: schemaOf(byKey.get(streamKey(stream))!),
  }))
}
