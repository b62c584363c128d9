import { ConnectorError, errorCode } from '../errors.ts'
import { isServerError, serverStatement } from '../server-error.ts'
import type { SqlSession } from '../postgres/session/sql-session.ts'
import { columnBuilder } from './column.ts'
import type { Column, Relation } from './relation.ts'
import { readTypes } from './types.ts'

/**
 * Name of the stream of the config's `query`. Its namespace is the first configured schema, which
 * must not contain a relation of the same name.
 */
export const QUERY_STREAM_NAME = 'query'

const NOT_A_SELECT =
  "The 'query' parameter is not a single SELECT that only reads, or it has a syntax error. " +
  'Use one SELECT without INTO, FOR UPDATE or a WITH that changes data.'

/** SQLSTATEs of a statement that is not a single SELECT, or may not run as a subquery. */
const NOT_A_SELECT_SQLSTATES: ReadonlySet<string> = new Set([
  '0A000' /* feature_not_supported: a data-modifying WITH below the top level */,
  '25006' /* read_only_sql_transaction */,
  '42601' /* syntax_error: not a SELECT, or several statements */,
])

/** SQLSTATE of a statement with parameters that were not given; poolers use it for other errors. */
const PROTOCOL_VIOLATION = '08P01'

/** Class of SQLSTATEs of missing tables, columns, functions and privileges. */
const NAME_ERROR_CLASS = '42'

/**
 * Matches one token of PostgreSQL's SQL, as far as needed to find the ends of quoted text, names
 * and line comments. `E` or `$` within a name has no special meaning, so names are separate tokens.
 */
const TOKEN =
  /[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\$(?<tag>(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$.*?\$\k<tag>\$|(?<blank>\s+|--[^\n\r]*|;)|./suy

/**
 * Returns the columns of the query without running it.
 * @throws ConnectorError config_error if it is not a single SELECT, or two of its columns have the
 * same name.
 */
export async function describeQuery(session: SqlSession, query: string): Promise<Column[]> {
  const sql = `SELECT * FROM ${asSubquery(query)} LIMIT 0`
  const fields = await session.describe(sql).catch((error: unknown) => {
    const problem = queryProblem(error, query)
    if (problem === null) throw error
    throw new ConnectorError('config_error', problem, { cause: error })
  })
  rejectRepeatedNames(fields.map((field) => field.name))
  const typeOids = fields.map((field) => field.typeOid)
  const buildColumn = columnBuilder(await readTypes(session, typeOids))
  return fields.map((field) => buildColumn({ ...field, isNullable: true }))
}

/** What is wrong with the query if the server rejected it; null: it failed for another reason. */
function queryProblem(error: unknown, query: string): string | null {
  if (NOT_A_SELECT_SQLSTATES.has(errorCode(error) ?? '')) return NOT_A_SELECT
  if (errorCode(error) === PROTOCOL_VIOLATION && /\$\d/.test(query)) {
    return "The 'query' parameter has a placeholder such as $1, which has no value. Write the value into the query."
  }
  if (!isServerError(error) || !error.code.startsWith(NAME_ERROR_CLASS)) return null
  return `The 'query' parameter cannot be read. ${serverStatement(error)} Correct the query.`
}

/**
 * Builds `( … ) AS subquery`: the query as an item of a FROM list, without trailing semicolons and
 * comments.
 */
export function asSubquery(query: string): string {
  return `(\n${trimQuery(query)}\n) AS subquery`
}

/** Builds the stream of the config's `query`: like a view, with `oid` 0, which no relation has. */
export function buildQueryRelation(schema: string, columns: readonly Column[]): Relation {
  return {
    oid: 0,
    schema,
    name: QUERY_STREAM_NAME,
    kind: 'v',
    isPartition: false,
    columns,
    primaryKey: [],
    hasSystemColumns: false,
    hasXmin: false,
    estimatedRows: null,
    sizeBytes: 0,
  }
}

/** Whether a relation is the stream of the config's `query`. */
export function isQuery({ oid }: Pick<Relation, 'oid'>): boolean {
  return oid === 0
}

/** Returns the query up to its last token that is not white space, a comment or a semicolon. */
export function trimQuery(query: string): string {
  let end = 0
  for (let position = 0; position < query.length;) {
    const isComment = query.startsWith('/*', position)
    TOKEN.lastIndex = position
    const token = isComment ? null : TOKEN.exec(query)
    position = token === null ? endOfComment(query, position) : TOKEN.lastIndex
    if (!isComment && token?.groups?.['blank'] === undefined) end = position
  }
  return query.slice(0, end)
}

/**
 * Comments can be nested:
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-COMMENTS
 */
function endOfComment(query: string, start: number): number {
  const mark = /\/\*|\*\//g
  mark.lastIndex = start
  for (let depth = 0, found = mark.exec(query); found !== null; found = mark.exec(query)) {
    depth += found[0] === '/*' ? 1 : -1
    if (depth === 0) return mark.lastIndex
  }
  return query.length
}

function rejectRepeatedNames(names: readonly string[]): void {
  const seen = new Set<string>()
  const repeated = new Set(names.filter((name) => seen.size === seen.add(name).size))
  if (repeated.size === 0) return
  const list = [...repeated].map((name) => `'${name}'`).join(', ')
  const message = `The 'query' parameter gives several columns the same name: ${list}. Name each with AS.`
  throw new ConnectorError('config_error', message)
}
