/**
 * Builds `"a"."b"`: each argument is one identifier and is quoted separately, so that dots and
 * quotes in a name have no special meaning.
 */
export function ident(...names: readonly string[]): string {
  return names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.')
}

/**
 * Builds a string literal with the same meaning for both values of `standard_conforming_strings`.
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE
 */
export function literal(value: string): string {
  const quoted = value.replaceAll("'", "''")
  return value.includes('\\') ? ` E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}

/** Builds an array of strings. */
export function textArray(values: readonly string[]): string {
  return `ARRAY[${values.map(literal).join(', ')}]::pg_catalog.text[]`
}

/**
 * Builds SQL that locks a relation and its indexes, so that they cannot be rewritten or dropped.
 * @param from item of a FROM list.
 */
export function lockSql(from: string): string {
  return `SELECT FROM ${from} LIMIT 0`
}
