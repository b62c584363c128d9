import { ConnectorError } from '../../../../errors.ts'
import { readTableAttributes } from '../../../../introspection/replication/table-attributes.ts'
import type { SqlSession } from '../../../../postgres/session/sql-session.ts'
import type { StreamPlan } from '../../../stream-plan.ts'

/** Whether a column has another type than when the stream was planned. */
export async function hasOtherTypes(
  { relation }: StreamPlan,
  session: SqlSession,
): Promise<boolean> {
  const attributes = await readTableAttributes(session, relation.oid)
  const typeOids = new Map(attributes.map(({ name, typeOid }) => [name, typeOid]))
  return relation.columns.some(
    ({ name, typeOid }) => typeOids.has(name) && typeOids.get(name) !== typeOid,
  )
}

/** Error for a table that is not as it was planned. The next attempt plans it again. */
export function alteredError(cause?: unknown): ConnectorError {
  const message = 'A table was altered while its log was read. Run the sync again.'
  return new ConnectorError('transient_error', message, { cause })
}
