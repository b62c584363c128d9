import type { Client } from 'pg'
import type { ResultField } from './sql-session.ts'

/** Output columns of one statement, by the extended protocol. */
export async function describeStatement(
  client: Client,
  sql: string,
): Promise<readonly ResultField[]> {
  const { fields } = await client.query({ text: sql, queryMode: 'extended' })
  return fields.map((field) => ({
    name: field.name,
    typeOid: field.dataTypeID,
    typmod: field.dataTypeModifier,
  }))
}
