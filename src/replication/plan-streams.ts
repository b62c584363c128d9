import { asSubquery, isQuery } from '../introspection/query-stream.ts'
import type { Column, Relation } from '../introspection/relation.ts'
import { isChangeField, loggedColumns } from '../introspection/replication/change-columns.ts'
import type { UnreadableView } from '../introspection/unreadable-views.ts'
import type { Config } from '../config/config.ts'
import { ConnectorError } from '../errors.ts'
import type { JsonObject } from '../json/json.ts'
import type { ConfiguredStream, StreamDescriptor, SyncMode } from '../protocol/messages.ts'
import { streamKey, streamLabel } from '../protocol/stream-names.ts'
import { ident } from '../sql.ts'
import { incrementalMethod } from './methods.ts'
import type { StreamPlan } from './stream-plan.ts'

/** The plans of the selected streams, or all errors in the selection. */
export interface Planning {
  readonly plans: readonly StreamPlan[]
  readonly problems: readonly StreamProblem[]
  /** Messages for the user about streams that are read differently from the request. */
  readonly warnings: readonly string[]
}

/** Why a selected stream cannot be read. */
export interface StreamProblem {
  readonly descriptor: StreamDescriptor
  readonly error: ConnectorError
  /** Whether the sync ends without any row: if it went on, the stream would lose its state. */
  readonly endsSync: boolean
}

/** Result of discovery. */
export interface FoundRelations {
  readonly relations: readonly Relation[]
  readonly unreadable?: readonly UnreadableView[]
}

/** Binds configured streams to the discovered relations. */
export function planStreams(
  configured: readonly ConfiguredStream[],
  found: FoundRelations,
  config: Config,
): Planning {
  const find = relationFinder(found, config)
  const method = incrementalMethod(config)
  const plans: StreamPlan[] = []
  const problems: StreamProblem[] = []
  const warnings: string[] = []
  for (const stream of configured) {
    try {
      const { plan, warning } = planStream(stream, find(stream), config)
      const problem = plan.syncMode === 'incremental' ? method.problemOf?.(plan) : null
      if (problem) throw problem
      plans.push(plan)
      if (warning !== null) warnings.push(warning)
    } catch (error) {
      const isShared = method.sharesPosition && stream.sync_mode === 'incremental'
      problems.push({
        descriptor: descriptorOf(stream, config),
        error: ConnectorError.from(error),
        endsSync: isShared && !(error instanceof GoneError),
      })
    }
  }
  return { plans, problems, warnings }
}

/**
 * Returns a function that finds the relation of a stream, or throws a config_error with the reason
 * why there is none.
 */
function relationFinder(
  { relations, unreadable = [] }: FoundRelations,
  config: Config,
): (stream: ConfiguredStream) => Relation {
  const byName = new Map(relations.map((relation) => [relationKey(relation), relation]))
  const reasons = new Map(unreadable.map((view) => [relationKey(view), view.reason]))
  return (configured) => {
    const descriptor = descriptorOf(configured, config)
    const key = streamKey(descriptor)
    const relation = byName.get(key)
    if (relation !== undefined) return relation
    const reason = reasons.get(key)
    if (reason !== undefined) throw new ConnectorError('config_error', reason)
    throw new GoneError(
      `Stream '${streamLabel(descriptor)}' of the catalog is not in database '${config.database}': ` +
        'its table was dropped or renamed. Refresh the catalog.',
    )
  }
}

/** There is no relation with the name of a stream. */
class GoneError extends ConnectorError {
  constructor(message: string) {
    super('config_error', message)
  }
}

/** Name of a configured stream; one without a namespace is in the first schema of the config. */
export function descriptorOf({ stream }: ConfiguredStream, { schemas }: Config): StreamDescriptor {
  const { name, namespace = schemas[0]! } = stream
  return { name, namespace }
}

function relationKey({ schema, name }: Pick<Relation, 'schema' | 'name'>): string {
  return streamKey({ namespace: schema, name })
}

function planStream(
  configured: ConfiguredStream,
  relation: Relation,
  config: Config,
): { plan: StreamPlan; warning: string | null } {
  const { stream, sync_mode: syncMode } = configured
  const available = columnsOf(relation, syncMode)
  const hasChangeColumns = syncMode === 'incremental' && relation.log?.refusal === null
  const properties = propertyNames(stream.json_schema) ?? available.map(({ name }) => name)
  const names = hasChangeColumns ? properties.filter((name) => !isChangeField(name)) : properties
  const byName = new Map(available.map((column) => [column.name, column]))
  const missing = names.filter((name) => !byName.has(name) && !isExpected(name, relation))
  const columns = names.flatMap((name) => byName.get(name) ?? [])
  const cursor = syncMode === 'incremental' ? findCursor(configured, relation, config) : null
  rejectMissing(configured, relation, missing)
  const plan: StreamPlan = {
    descriptor: { name: relation.name, namespace: relation.schema },
    syncMode,
    relation,
    ...fromItem(relation, config, hasChangeColumns),
    filter: syncMode === 'incremental' ? (relation.log?.filter ?? null) : null,
    ranges: null,
    columns,
    fields: names.map((name) => ({ name, type: byName.get(name)?.type ?? null })),
    hasChangeColumns,
    cursor,
  }
  const list = missing.map((name) => `'${name}'`).join(', ')
  const warning =
    missing.length === 0
      ? null
      : `Stream '${relation.schema}.${relation.name}' no longer has ${list}: null in every record. Refresh the catalog.`
  return { plan, warning }
}

/**
 * The schema of a stream that is read from the log contains the change columns; a full refresh has
 * no values for them.
 */
function isExpected(name: string, { log }: Relation): boolean {
  return log !== undefined && isChangeField(name)
}

/** Columns of the changes, for an incremental sync from the log. */
function columnsOf(relation: Relation, syncMode: SyncMode): readonly Column[] {
  const isFromLog = syncMode === 'incremental' && relation.log?.refusal === null
  return isFromLog ? loggedColumns(relation) : relation.columns
}

/** Rejects a stream if a missing column identifies or orders its rows, or was its only column. */
function rejectMissing(
  { stream, primary_key: key }: ConfiguredStream,
  relation: Relation,
  missing: readonly string[],
): void {
  const lostKey = key.flat().find((name) => missing.includes(name))
  if (lostKey === undefined && (missing.length === 0 || relation.columns.length > 0)) return
  const place = `'${relation.schema}.${stream.name}'`
  const what =
    lostKey === undefined ? 'any column of the catalog' : `primary key column '${lostKey}'`
  throw new ConnectorError(
    'config_error',
    `Stream ${place} does not have ${what}. Refresh the catalog.`,
  )
}

function findCursor(
  { cursor_field: path }: ConfiguredStream,
  relation: Relation,
  config: Config,
): Column | null {
  if (!incrementalMethod(config).needsCursor) return null
  const place = `stream '${relation.schema}.${relation.name}'`
  const [name] = path
  if (name === undefined) {
    const message = `cursor_field is required for incremental sync_mode, and ${place} has none. Choose a cursor in the catalog.`
    throw new ConnectorError('config_error', message)
  }
  if (path.length > 1) {
    const message = `cursor_field of ${place} has ${path.length} names. Choose one column: a cursor cannot be inside a value.`
    throw new ConnectorError('config_error', message)
  }
  const column = relation.columns.find((each) => each.name === name)
  if (column === undefined) {
    const names = relation.columns.map((each) => `'${each.name}'`).join(', ')
    const message = `Cursor field '${name}' not found in data chunk columns: [${names}]. Set cursor_field to one of them, or refresh the catalog.`
    throw new ConnectorError('config_error', message)
  }
  if (column.order !== null) return column
  const message = `Column '${name}' of ${place} cannot be a cursor: its type ${column.type.name} has no order, or is in a schema that user '${config.username}' may not use. Choose another.`
  throw new ConnectorError('config_error', message)
}

/** Names of the properties in a stream's schema; null if it has none: then all columns are read. */
function propertyNames({ properties }: JsonObject): string[] | null {
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : null
}

/**
 * Excludes inheriting tables, which are separate streams: the log contains their changes under
 * their own names.
 */
function fromItem(
  relation: Relation,
  { query }: Config,
  isFromLog: boolean,
): Pick<StreamPlan, 'from' | 'qualifier'> {
  if (isQuery(relation) && query !== null) {
    return { from: asSubquery(query), qualifier: 'subquery' }
  }
  const qualifier = ident(relation.schema, relation.name)
  const isAlone = isFromLog && relation.kind === 'r'
  return { from: isAlone ? `ONLY ${qualifier}` : qualifier, qualifier }
}
