import { readTableAttributes } from '../../../introspection/replication/table-attributes.ts'
import type { SqlSession } from '../../../postgres/session/sql-session.ts'
import type { LogRelation } from '../../../wire/pgoutput.ts'
import type { StreamPlan } from '../../stream-plan.ts'
import { findRenamed } from './renamed-columns.ts'

const NONE: ReadonlyMap<string, string> = new Map()

/**
 * Maps the columns of a stream to those of a relation in the log, which may have had other names
 * then.
 */
export class LoggedColumns {
  /** Columns of the stream that may have had another name then. */
  readonly uncertain: readonly string[]
  readonly #names: readonly string[]
  readonly #indexes: ReadonlyMap<string, number>
  readonly #renamedFields: ReadonlyMap<string, string>

  private constructor(
    { columns }: LogRelation,
    renamed: Readonly<Record<'logged' | 'fields', ReadonlyMap<string, string>>>,
    uncertain: readonly string[],
  ) {
    this.#names = columns.map(({ name }) => renamed.logged.get(name) ?? name)
    this.#indexes = new Map(this.#names.map((name, index) => [name, index]))
    this.#renamedFields = renamed.fields
    this.uncertain = uncertain
  }

  /**
   * Queries the server only if a column of the stream is missing, or columns have another order.
   */
  static async find(
    plan: StreamPlan,
    relation: LogRelation,
    session: SqlSession,
  ): Promise<LoggedColumns> {
    const logged = new Set(relation.columns.map(({ name }) => name))
    const missing = plan.fields.filter(({ name, type }) => type !== null && !logged.has(name))
    const { columns, log, oid } = plan.relation
    if (missing.length === 0 && isInOrder(relation, columns)) {
      return new LoggedColumns(relation, { logged: NONE, fields: NONE }, [])
    }
    const since = findRenamed(columns, await readTableAttributes(session, oid))
    const published = new Set(log?.columns.map((name) => since.renamed.get(name) ?? name))
    const attributes = await readTableAttributes(session, relation.oid)
    const then = findRenamed(
      relation.columns,
      attributes.filter(({ name, isDropped }) => isDropped || published.has(name)),
    )
    const uncertain = missing
      .map(({ name }) => name)
      .filter((name) => then.uncertain.includes(name))
    return new LoggedColumns(relation, { logged: then.renamed, fields: since.renamed }, uncertain)
  }

  /** Index of a column of the stream in the tuples of the relation. */
  indexOf(field: string): number | undefined {
    return this.#indexes.get(this.#renamedFields.get(field) ?? field)
  }

  /** Current name in the table of a column of the relation. */
  nameOf(index: number): string {
    return this.#names[index]!
  }
}

/**
 * Whether the columns of a relation have the order of `columns`, in which two of them are if they
 * have not swapped names.
 */
function isInOrder(relation: LogRelation, columns: readonly { readonly name: string }[]): boolean {
  const places = new Map(columns.map(({ name }, index) => [name, index]))
  const known = relation.columns.flatMap(({ name }) => places.get(name) ?? [])
  return known.every((place, index) => index === 0 || known[index - 1]! < place)
}
