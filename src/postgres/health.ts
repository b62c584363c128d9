import type { Database } from './database.ts'

/** What a round trip and the catalogs say of the database. Null: the role may not see it, or no connection was free. */
export interface DatabaseHealth {
  readonly responseTimeMs: number | null
  readonly databaseSizeBytes: number | null
  readonly tableCount: number | null
}

const UNKNOWN: DatabaseHealth = { responseTimeMs: null, databaseSizeBytes: null, tableCount: null }

const FACTS_SQL = `
SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS size,
       (SELECT pg_catalog.count(*)
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY ($1::pg_catalog.text[])
          AND c.relkind IN ('r', 'p', 'v', 'm', 'f')) AS tables`

/** Asks on a free connection of the pool; never waits for one, never fails. */
export async function readHealth(
  database: Database,
  schemas: readonly string[],
): Promise<DatabaseHealth> {
  const { idle, size, max } = database.figures()
  if (idle === 0 && size >= max) return UNKNOWN
  try {
    const started = performance.now()
    await database.query('SELECT 1')
    const responseTimeMs = performance.now() - started
    return { ...UNKNOWN, responseTimeMs, ...(await readFacts(database, schemas)) }
  } catch {
    return UNKNOWN
  }
}

async function readFacts(
  database: Database,
  schemas: readonly string[],
): Promise<Partial<DatabaseHealth>> {
  try {
    const [row] = await database.query<{ size: string; tables: string }>(FACTS_SQL, [schemas])
    return { databaseSizeBytes: Number(row?.size), tableCount: Number(row?.tables) }
  } catch {
    return {}
  }
}
