import { readTypes } from '../../../introspection/types.ts'
import type { SqlSession } from '../../../postgres/session/sql-session.ts'
import { BinaryFormError } from '../../../postgres/walsender/walsender-error.ts'
import { streamLabel } from '../../../protocol/stream-names.ts'
import type { LogRelation } from '../../../wire/pgoutput.ts'
import type { Log } from '../../feed.ts'
import type { LogStream } from './log-stream.ts'
import { LoggedColumns } from './logged-columns.ts'
import type { RelationRoute } from './relation-route.ts'
import { alteredError, hasOtherTypes } from './values/altered-table.ts'

const ANCESTORS_SQL = `
SELECT a.relid::pg_catalog.oid AS oid FROM pg_catalog.pg_partition_ancestors($1::pg_catalog.regclass) AS a (relid)`

/**
 * Finds the streams of a relation in the log: by its oid, which a rename does not change; for a new
 * partition, by the tables above it; for a table that was created again, by its name. A match by
 * name or by the tables above is checked for each relation message, because a rename or a detached
 * partition changes it.
 */
export class StreamRouter {
  readonly #streams: readonly LogStream[]
  readonly #byOid = new Map<number, readonly LogStream[]>()
  readonly #hasRoots: boolean
  readonly #isBinary: boolean
  readonly #log: Log

  /** @param isBinary whether the log is in binary form. */
  constructor(
    streams: readonly LogStream[],
    { isBinary, log }: { readonly isBinary: boolean; readonly log: Log },
  ) {
    this.#log = log
    this.#streams = streams
    this.#isBinary = isBinary
    this.#hasRoots = streams.some(({ plan }) => plan.relation.kind === 'p')
    for (const stream of streams) {
      for (const oid of stream.plan.relation.log?.sources ?? []) {
        this.#byOid.set(oid, [...(this.#byOid.get(oid) ?? []), stream])
      }
    }
  }

  /** Whether the changes of a relation may belong to a stream. */
  readonly mayRead = (relation: LogRelation): boolean => this.#hasRoots || this.isSelected(relation)

  /** Whether a relation is a selected stream or a part of one, without a query. */
  readonly isSelected = (relation: LogRelation): boolean =>
    this.#byOid.has(relation.oid) || this.#named(relation).length > 0

  /**
   * Looks up what a route needs before its first change can be written.
   * @throws BinaryFormError if the log is in binary form, and a column had a type then whose binary
   * form is unknown.
   * @throws ConnectorError transient_error if the type of a column was altered after the streams
   * were planned.
   */
  async bind(route: RelationRoute, session: SqlSession): Promise<void> {
    const { oid, columns } = route.relation
    let streams = this.#byOid.get(oid) ?? this.#named(route.relation)
    if (streams.length === 0) streams = await this.#above(oid, session)
    const types = await readTypes(session, [
      ...columns.map(({ typeOid }) => typeOid),
      ...streams.flatMap(({ keyTypes }) => keyTypes),
    ])
    const { schema, name } = route.relation
    const routed = []
    for (const stream of streams) {
      const logged = await LoggedColumns.find(stream.plan, route.relation, session)
      if (logged.uncertain.length > 0) this.#log('WARN', uncertainText(stream, logged.uncertain))
      routed.push({ stream, logged })
    }
    const writers = route.bind(routed, types)
    const { identity } = route.relation
    for (const { stream, hasOldKeys, retyped } of writers) {
      if (retyped.length > 0 && (await hasOtherTypes(stream.plan, session))) throw alteredError()
      if (!hasOldKeys && identity !== 'n') this.#log('WARN', otherIdentityText(stream))
    }
    if (this.#isBinary && !writers.every(({ hasBinaryForm }) => hasBinaryForm)) {
      throw new BinaryFormError(`Table '${schema}.${name}' had a column without binary form`)
    }
  }

  async #above(oid: number, session: SqlSession): Promise<readonly LogStream[]> {
    const rows = await session.query<{ oid: number }>(ANCESTORS_SQL, [oid])
    const oids = rows.map((row) => row.oid)
    return this.#streams.filter(({ plan }) => oids.includes(plan.relation.oid))
  }

  #named({ schema, name }: LogRelation): readonly LogStream[] {
    return this.#streams.filter(
      ({ plan: { relation } }) => relation.schema === schema && relation.name === name,
    )
  }
}

function uncertainText({ plan: { descriptor } }: LogStream, columns: readonly string[]): string {
  const names = columns.map((name) => `'${name}'`).join(', ')
  return `Stream '${streamLabel(descriptor)}': columns of its table were dropped or renamed. Changes from before that have no value for ${names}. Refresh the stream.`
}

function otherIdentityText({ plan: { descriptor } }: LogStream): string {
  return `Stream '${streamLabel(descriptor)}': the replica identity of its table was altered, and rows that were deleted or got another key before that cannot be identified. Refresh the stream to remove them from the destination.`
}
