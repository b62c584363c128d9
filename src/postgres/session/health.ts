import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode } from '../../errors.ts'
import { textArray } from '../../sql.ts'
import type { Database } from './database.ts'

/**
 * Health of the database from a round trip and the catalogs. Null: the role may not see it, or no
 * connection was free.
 */
export interface DatabaseHealth {
  /** Null: the database answered in time, or a connection is active; otherwise an error code. */
  readonly failure: string | null
  readonly responseTimeMs: number | null
  readonly databaseSizeBytes: number | null
  readonly tableCount: number | null
}

const UNKNOWN: DatabaseHealth = {
  failure: null,
  responseTimeMs: null,
  databaseSizeBytes: null,
  tableCount: null,
}

const factsSql = (schemas: readonly string[]): string => `
SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS size,
       (SELECT pg_catalog.count(*)
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) ANY (${textArray(schemas)})
          AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f}'::pg_catalog."char"[])) AS tables`

/**
 * Reads the health on a free connection of the pool. It does not wait for a connection, waits at
 * most `timeoutMs` for an answer, and never rejects.
 */
export async function readHealth(
  database: Database,
  schemas: readonly string[],
  timeoutMs: number,
): Promise<DatabaseHealth> {
  const { idle, size, max } = database.figures()
  if (idle === 0 && size >= max) return UNKNOWN
  const answer = askDatabase(database, schemas).catch((error: unknown) => failed(error))
  const late = sleep(timeoutMs, failed({ code: 'ETIMEDOUT' }), { ref: false })
  return await Promise.race([answer, late])
}

async function askDatabase(
  database: Database,
  schemas: readonly string[],
): Promise<DatabaseHealth> {
  const started = performance.now()
  await database.query('SELECT 1')
  const responseTimeMs = performance.now() - started
  return { ...UNKNOWN, responseTimeMs, ...(await readFacts(database, schemas)) }
}

function failed(error: unknown): DatabaseHealth {
  return {
    ...UNKNOWN,
    failure: errorCode(errorCode(error) === null ? causeOf(error) : error) ?? 'unknown',
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : null
}

async function readFacts(
  database: Database,
  schemas: readonly string[],
): Promise<Partial<DatabaseHealth>> {
  try {
    const [row] = await database.query<{ size: string; tables: string }>(factsSql(schemas))
    return { databaseSizeBytes: Number(row?.size), tableCount: Number(row?.tables) }
  } catch {
    return {}
  }
}
