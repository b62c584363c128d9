import { ConnectorError } from '../../errors.ts'
import type { ReadTransaction } from '../../postgres/session/read-transaction.ts'
import { streamLabel } from '../../protocol/stream-names.ts'
import type { SqlSession } from '../../postgres/session/sql-session.ts'
import type { StreamPlan } from '../stream-plan.ts'

/** The files of relations and of everything below them, by the relation that was asked for. */
const FILES_SQL = `
WITH RECURSIVE tree (root, oid) AS (
  SELECT wanted.oid, wanted.oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS wanted (oid)
  UNION
  SELECT tree.root, i.inhrelid
  FROM tree
  JOIN pg_catalog.pg_inherits AS i ON i.inhparent = tree.oid
)
SELECT root,
       pg_catalog.string_agg(
         oid || ':' || coalesce(pg_catalog.pg_relation_filenode(oid)::pg_catalog.text, ''),
         ',' ORDER BY oid
       ) AS files
FROM tree
GROUP BY root`

/**
 * A snapshot does not see the rows of a table that was truncated or rewritten after it was taken: neither the old ones,
 * which are gone, nor the new ones. So the files are noted before the snapshot, and looked at again once a table is
 * locked to be read; it stays locked until the transaction ends.
 * https://www.postgresql.org/docs/current/mvcc-caveats.html
 */
export class RewriteGuard {
  readonly #files: ReadonlyMap<number, string>

  private constructor(files: ReadonlyMap<number, string>) {
    this.#files = files
  }

  /** Call it before the snapshot is taken. */
  static async note(session: SqlSession, plans: readonly StreamPlan[]): Promise<RewriteGuard> {
    const oids = plans.map(({ relation }) => relation.oid)
    return new RewriteGuard(await readFiles(session, oids))
  }

  /** @throws ConnectorError transient_error if the snapshot cannot see the relation: it takes a new one. */
  async check(plan: StreamPlan, transaction: ReadTransaction): Promise<void> {
    const { oid } = plan.relation
    if (!this.#files.has(oid)) return
    await transaction.lock(plan.from)
    const files = await readFiles(transaction, [oid])
    if (files.get(oid) === this.#files.get(oid)) return
    const message = `The table of stream '${streamLabel(plan.descriptor)}' was truncated or rewritten while the sync ran, so that its snapshot cannot see it. A new snapshot is needed.`
    throw new ConnectorError('transient_error', message)
  }
}

async function readFiles(
  session: SqlSession,
  oids: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const known = oids.filter((oid) => oid !== 0 /* a query */)
  const rows = await session.query<{ root: number; files: string }>(FILES_SQL, [known])
  return new Map(rows.map(({ root, files }) => [root, files]))
}
