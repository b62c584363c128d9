import { ident } from '../../../src/sql.ts'
import type { TestDatabase } from '../../helpers/database.ts'
import type { Json } from '../../helpers/messages.ts'

/**
 * A table that writers change: `id`, `version` (never used twice), `changed` (its cursor),
 * `payload`.
 */
export interface WrittenTable {
  readonly name: string
  readonly cursorType: 'timestamptz' | 'bigint' | 'text'
  /**
   * Expressions of a new cursor value, which is fixed when the statement or its transaction begins.
   */
  readonly freshCursors: readonly string[]
}

/** Cursor of every written table. */
export const CURSOR_FIELD = 'changed'

const TIMES = ['now()', 'clock_timestamp()', 'statement_timestamp()']
const NUMBERS = [`nextval('changes')`]
const KEYS = [`'k' || lpad(nextval('changes')::text, 12, '0')`]

/** One table per cursor type, and one for full refreshes. */
export const WRITTEN_TABLES: readonly WrittenTable[] = [
  { name: 'by_time', cursorType: 'timestamptz', freshCursors: TIMES },
  { name: 'by_number', cursorType: 'bigint', freshCursors: NUMBERS },
  { name: 'by_key', cursorType: 'text', freshCursors: KEYS },
  { name: 'whole', cursorType: 'timestamptz', freshCursors: TIMES },
]

/**
 * Number of rows in each table before the writers start: several pages, so that a load has several
 * checkpoints.
 */
export const FIRST_ROWS = 240

/** Creates the tables with their first rows. */
export async function createTables(database: TestDatabase): Promise<void> {
  await database.sql('CREATE SEQUENCE changes; CREATE SEQUENCE versions')
  for (const { name, cursorType, freshCursors } of WRITTEN_TABLES) {
    await database.sql(
      `CREATE TABLE ${ident(name)} (
         id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
         version bigint NOT NULL,
         changed ${cursorType} NOT NULL,
         payload text NOT NULL
       );
       CREATE INDEX ON ${ident(name)} (changed);
       INSERT INTO ${ident(name)} (version, changed, payload)
       SELECT nextval('versions'), ${freshCursors[0]}, repeat('p', 100 + n % 7 * 40)
       FROM generate_series(1, ${FIRST_ROWS}) AS n`,
    )
  }
}

/** `id` → the whole row as text, for every committed row. */
export async function committedRows(
  database: TestDatabase,
  { name, cursorType }: WrittenTable,
): Promise<Map<string, string>> {
  const changed =
    cursorType === 'timestamptz'
      ? `to_char(changed AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
      : 'changed::text'
  const rows = await database.sql(
    `SELECT id, concat_ws('|', id, version, ${changed}, payload) AS row FROM ${ident(name)}`,
  )
  return new Map(rows.map(({ id, row }) => [id ?? '', row ?? '']))
}

/** Converts a record of a written table to the form of `committedRows`. */
export function recordAsRow({ id, version, changed, payload }: Json): string {
  return [id, version, changed, payload].join('|')
}
