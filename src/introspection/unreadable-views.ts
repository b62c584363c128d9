import type { SqlSession } from '../postgres/session/sql-session.ts'
import { ident } from '../sql.ts'
import type { Relation } from './relation.ts'

/** A view that the role may select from, but whose query would fail. */
export interface UnreadableView {
  readonly schema: string
  readonly name: string
  /** One sentence: the reason and the remedy. */
  readonly reason: string
}

/**
 * One reason for each of the views `$1` that cannot be read. The catalogs contain the relations and
 * columns that a view uses. They are read with the privileges of the view's owner, or of the
 * current user if the view is a security_invoker, at any depth. Relations that a function in the
 * view reads are not checked.
 * https://www.postgresql.org/docs/current/rules-privileges.html
 */
const UNREADABLE_SQL = `
WITH RECURSIVE used_view (root, oid) AS (
  SELECT c.oid, c.oid FROM pg_class AS c WHERE c.oid = ANY ($1::oid[]) AND c.relkind = 'v' /* view */
  UNION
  SELECT used_view.root, inner_view.oid
  FROM used_view
  JOIN pg_rewrite AS r ON r.ev_class = used_view.oid AND r.ev_type = '1' /* SELECT */
  JOIN pg_depend AS d
    ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
  JOIN pg_class AS inner_view ON inner_view.oid = d.refobjid AND inner_view.relkind = 'v'
), used (root, role, oid, attnum) AS (
  SELECT used_view.root,
         CASE WHEN EXISTS (
           SELECT FROM pg_options_to_table(v.reloptions) AS option
           WHERE option.option_name = 'security_invoker' AND option.option_value::bool
         ) THEN (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = current_user) ELSE v.relowner END,
         d.refobjid,
         d.refobjsubid::int2
  FROM used_view
  JOIN pg_class AS v ON v.oid = used_view.oid
  JOIN pg_rewrite AS r ON r.ev_class = v.oid AND r.ev_type = '1'
  JOIN pg_depend AS d
    ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
  WHERE d.refobjid <> v.oid
), fault (root, role, oid, is_unfilled) AS (
  SELECT c.oid, NULL::oid, c.oid, true
  FROM pg_class AS c
  WHERE c.oid = ANY ($1::oid[]) AND c.relkind = 'm' /* materialized view */ AND NOT c.relispopulated
  UNION ALL
  SELECT used.root, used.role, used.oid, c.relkind = 'm' AND NOT c.relispopulated
  FROM used
  JOIN pg_class AS c ON c.oid = used.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  WHERE c.relkind = 'm' AND NOT c.relispopulated
     OR NOT has_table_privilege(used.role, c.oid, 'SELECT')
        AND NOT CASE WHEN used.attnum > 0 THEN has_column_privilege(used.role, c.oid, used.attnum, 'SELECT')
                     ELSE has_any_column_privilege(used.role, c.oid, 'SELECT') END
)
SELECT DISTINCT ON (fault.root)
  fault.root AS oid,
  pg_get_userbyid(fault.role)::text AS role,
  n.nspname::text AS "usedSchema",
  c.relname::text AS "usedName",
  fault.is_unfilled AS "isUnfilled"
FROM fault
JOIN pg_class AS c ON c.oid = fault.oid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY fault.root, fault.is_unfilled, n.nspname, c.relname`

interface FaultRow {
  readonly oid: number
  /** Role whose privileges apply; null: the materialized view itself is not populated. */
  readonly role: string | null
  readonly usedSchema: string
  readonly usedName: string
  readonly isUnfilled: boolean
}

/**
 * Finds the views among the relations that cannot be read, according to the catalogs. One query;
 * none without views.
 */
export async function findUnreadableViews(
  session: SqlSession,
  relations: readonly Relation[],
): Promise<ReadonlyMap<number, UnreadableView>> {
  const views = relations.filter(({ kind }) => kind === 'v' || kind === 'm')
  if (views.length === 0) return new Map()
  const byOid = new Map(views.map((view) => [view.oid, view]))
  const rows = await session.query<FaultRow>(UNREADABLE_SQL, [[...byOid.keys()]])
  return new Map(
    rows.map((row) => {
      const { schema, name } = byOid.get(row.oid)!
      return [row.oid, { schema, name, reason: reasonOf(`'${schema}.${name}'`, row) }]
    }),
  )
}

function reasonOf(view: string, { role, usedSchema, usedName, isUnfilled }: FaultRow): string {
  const used = `'${usedSchema}.${usedName}'`
  const quoted = ident(usedSchema, usedName)
  if (!isUnfilled) {
    return `View ${view} cannot be read: role '${role}' may not read ${used}. Run GRANT SELECT ON ${quoted} TO ${ident(role!)}.`
  }
  const what = role === null ? '' : `View ${view} cannot be read: `
  const subject = role === null ? 'Materialized view' : 'materialized view'
  return `${what}${subject} ${used} has not been populated. Run REFRESH MATERIALIZED VIEW ${quoted}.`
}
