import { ConnectorError, errorCode } from '../../errors.ts'
import type { Leaf } from '../../introspection/leaves.ts'
import { isQuery } from '../../introspection/query-stream.ts'
import {
  isSameFile,
  type LockedRelation,
  lockRelations,
  readColumnTypes,
  readFileTrees,
} from '../../introspection/relation-files.ts'
import type { Database } from '../../postgres/session/database.ts'
import { readCatalogs } from '../../postgres/session/read-catalogs.ts'
import type { QuerySession } from '../../postgres/session/sql-session.ts'
import { streamLabel } from '../../protocol/stream-names.ts'
import { ident } from '../../sql.ts'
import type { StreamPlan } from '../stream-plan.ts'

/** SQLSTATEs for a name that no longer exists: undefined table, invalid schema name. */
const GONE: ReadonlySet<string> = new Set(['42P01', '3F000'])

/**
 * Detects relations that were truncated or rewritten after the snapshot was taken. Neither their
 * old rows, which no longer exist, nor the new ones are visible to it. The filenodes are therefore
 * recorded before the snapshot and compared when a table has been locked for reading; it stays
 * locked until the transaction ends. For a view, these are the filenodes of the tables that it
 * selects from, at any depth; tables that its functions or the config's `query` read are unknown. A
 * materialized view is excluded: the rows that REFRESH writes are frozen, so they are visible to
 * every snapshot.
 * https://www.postgresql.org/docs/current/mvcc-caveats.html
 */
export class RewriteGuard {
  readonly #files: ReadonlyMap<number, string>

  private constructor(files: ReadonlyMap<number, string>) {
    this.#files = files
  }

  /** Must be called before the snapshot is taken. */
  static async note(database: Database, plans: readonly StreamPlan[]): Promise<RewriteGuard> {
    const relations = plans.map(({ relation }) => relation)
    const guarded = relations.filter((each) => !isQuery(each) && each.kind !== 'm')
    const oids = guarded.map(({ oid }) => oid)
    return new RewriteGuard(
      await readCatalogs(database, async (session) => await readFileTrees(session, oids)),
    )
  }

  /**
   * Locks the relation of a stream; null: it is the config's query.
   * @throws ConnectorError transient_error if the relation is not visible to the snapshot, or a
   * column of the plan has another type: a retry plans the stream again, and takes a new snapshot.
   */
  async lock(plan: StreamPlan, session: QuerySession): Promise<LockedRelation | null> {
    const { from, qualifier: name } = plan
    const columns = plan.columns.map((column) => column.name)
    if (isQuery(plan.relation)) {
      rejectAltered(plan, await readColumnTypes(session, from, columns))
      return null
    }
    const [locked] = await lockRelations(session, [{ from, name, columns }])
    const { oid } = plan.relation
    const noted = this.#files.get(oid)
    if (locked?.oid !== oid || (noted !== undefined && noted !== locked.files)) throw replaced(plan)
    rejectAltered(plan, locked.typeOids)
    return locked
  }

  /**
   * Locks the leaves of a partitioned relation. Some may have been detached since the snapshot.
   * @throws ConnectorError transient_error if the snapshot cannot see one of them.
   */
  async lockLeaves(
    plan: StreamPlan,
    session: QuerySession,
    leaves: readonly Leaf[],
  ): Promise<readonly LockedRelation[]> {
    if (leaves.length === 0) return []
    const names = leaves.map(({ schema, name }) => ident(schema, name))
    const locking = lockRelations(
      session,
      names.map((name) => ({ from: `ONLY ${name}`, name, columns: [] })),
    )
    const locked = await locking.catch((error: unknown) => {
      throw GONE.has(errorCode(error) ?? '') ? replaced(plan, error) : error
    })
    const noted = this.#files.get(plan.relation.oid) ?? ''
    return leaves.map(({ oid }, index) => {
      const found = locked[index]
      if (found?.oid !== oid || !isSameFile(oid, noted, found.files)) throw replaced(plan)
      return found
    })
  }
}

function rejectAltered({ columns, descriptor }: StreamPlan, current: readonly number[]): void {
  if (columns.every(({ typeOid }, index) => typeOid === current[index])) return
  const message = `The columns of stream '${streamLabel(descriptor)}' were altered after it was planned. It is planned again.`
  throw new ConnectorError('transient_error', message)
}

function replaced({ descriptor }: StreamPlan, cause?: unknown): ConnectorError {
  const message = `The table of stream '${streamLabel(descriptor)}' was truncated, rewritten or replaced while the sync ran, so that its snapshot cannot see it. A new snapshot is needed.`
  return new ConnectorError('transient_error', message, { cause })
}
