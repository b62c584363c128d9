import { ConnectorError } from '../../errors.ts'
import { isQuery } from '../../introspection/query-stream.ts'
import { readFileTree, readFileTrees } from '../../introspection/relation-files.ts'
import type { Database } from '../../postgres/session/database.ts'
import { readCatalogs } from '../../postgres/session/read-catalogs.ts'
import type { ReadTransaction } from '../../postgres/session/read-transaction.ts'
import { streamLabel } from '../../protocol/stream-names.ts'
import type { StreamPlan } from '../stream-plan.ts'

/**
 * A snapshot does not see the rows of a table that was truncated or rewritten after it was taken: neither the old ones,
 * which are gone, nor the new ones. So the files are noted before the snapshot, and looked at again once a table is
 * locked to be read; it stays locked until the transaction ends. Not for a materialized view: the rows that REFRESH
 * writes are frozen, which every snapshot sees.
 * https://www.postgresql.org/docs/current/mvcc-caveats.html
 */
export class RewriteGuard {
  readonly #files: ReadonlyMap<number, string>

  private constructor(files: ReadonlyMap<number, string>) {
    this.#files = files
  }

  /** Call it before the snapshot is taken. */
  static async note(database: Database, plans: readonly StreamPlan[]): Promise<RewriteGuard> {
    const relations = plans.map(({ relation }) => relation)
    const guarded = relations.filter((each) => !isQuery(each) && each.kind !== 'm')
    const oids = guarded.map(({ oid }) => oid)
    return new RewriteGuard(
      await readCatalogs(database, async (session) => await readFileTrees(session, oids)),
    )
  }

  /** @throws ConnectorError transient_error if the snapshot cannot see the relation: it takes a new one. */
  async check(plan: StreamPlan, transaction: ReadTransaction): Promise<void> {
    const { oid } = plan.relation
    if (!this.#files.has(oid)) return
    await transaction.lock(plan.from)
    const found = await readFileTree(transaction, plan.from)
    if (found?.root === oid && found.files === this.#files.get(oid)) return
    const message = `The table of stream '${streamLabel(plan.descriptor)}' was truncated, rewritten or replaced while the sync ran, so that its snapshot cannot see it. A new snapshot is needed.`
    throw new ConnectorError('transient_error', message)
  }
}
