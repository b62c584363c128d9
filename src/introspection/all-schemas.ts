import type { Config } from '../config/config.ts'
import type { Database } from '../postgres/session/database.ts'
import { readCatalogs } from '../postgres/session/read-catalogs.ts'
import { isSystemSchema } from './system-names.ts'

/** `public`, whose name a stream without a namespace gets, is first. */
const USABLE_SCHEMAS = `
SELECT n.nspname::text AS name
FROM pg_namespace AS n
WHERE has_schema_privilege(n.oid, 'USAGE')
ORDER BY n.nspname <> 'public', n.nspname`

/** Replaces an empty list of schemas with all that the role may use, without system schemas. */
export async function withAllSchemas(database: Database, config: Config): Promise<Config> {
  if (config.schemas.length > 0) return config
  const rows = await readCatalogs(
    database,
    async (session) => await session.query<{ name: string }>(USABLE_SCHEMAS),
  )
  const names = rows.map(({ name }) => name).filter((name) => !isSystemSchema(name))
  return { ...config, schemas: names.length === 0 ? ['public'] : names }
}
