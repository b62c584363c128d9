/** `"a"."b"`: each argument is one identifier, quoted on its own, so that a dot or quote inside a name is only that. */
export function ident(...names: readonly string[]): string {
  return names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.')
}

/**
 * A string literal that means the same with `standard_conforming_strings` on or off.
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE
 */
export function literal(value: string): string {
  const quoted = value.replaceAll("'", "''")
  return value.includes('\\') ? ` E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}

/** An array of strings as SQL. */
export function textArray(values: readonly string[]): string {
  return `ARRAY[${values.map(literal).join(', ')}]::pg_catalog.text[]`
}

/** SQL that locks a relation and its indexes against what would rewrite or drop them. @param from item of a FROM list. */
export function lockSql(from: string): string {
  return `SELECT FROM ${from} LIMIT 0`
}
