import { readTypes } from '../../../introspection/types.ts'
import type { SqlSession } from '../../../postgres/session/sql-session.ts'
import type { LogRelation } from '../../../wire/pgoutput.ts'
import type { LogStream } from './log-stream.ts'
import type { RelationRoute } from './relation-route.ts'

const ANCESTORS_SQL = `
SELECT a.relid::pg_catalog.oid AS oid FROM pg_catalog.pg_partition_ancestors($1::pg_catalog.regclass) AS a (relid)`

/**
 * Finds the streams of a relation of the log: by its oid, which stays when a table is renamed; of a partition that is
 * new, by the tables above it; of a table that has been created again, by its name.
 */
export class StreamRouter {
  readonly #streams: readonly LogStream[]
  readonly #byOid = new Map<number, readonly LogStream[]>()
  readonly #hasRoots: boolean

  constructor(streams: readonly LogStream[]) {
    this.#streams = streams
    this.#hasRoots = streams.some(({ plan }) => plan.relation.kind === 'p')
    for (const stream of streams) {
      for (const oid of stream.plan.relation.log?.sources ?? []) {
        this.#byOid.set(oid, [...(this.#byOid.get(oid) ?? []), stream])
      }
    }
  }

  /** Whether the changes of a relation may be for a stream. */
  readonly mayRead = (relation: LogRelation): boolean => {
    const known = this.#byOid.get(relation.oid) ?? this.#named(relation)
    return known.length > 0 || (this.#hasRoots && !this.#byOid.has(relation.oid))
  }

  /** Looks up what a route needs before its first change can be written. */
  async bind(route: RelationRoute, session: SqlSession): Promise<void> {
    const { oid, columns } = route.relation
    const types = await readTypes(
      session,
      columns.map(({ typeOid }) => typeOid),
    )
    let streams = this.#byOid.get(oid) ?? this.#named(route.relation)
    if (streams.length === 0) streams = await this.#above(oid, session)
    this.#byOid.set(oid, streams)
    route.bind(streams, types)
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
