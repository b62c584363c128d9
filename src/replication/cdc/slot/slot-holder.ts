import type { SlotHolder } from '../../../introspection/replication/slot.ts'

/**
 * `process 7 (psql from 10.0.0.5, since 2026-11-26T14:31:17+00:00)`, as far as the role may see it.
 */
export function describeHolder(holder: SlotHolder): string {
  const { processId, applicationName, clientAddress, startedAt } = holder
  const application = applicationName ?? ''
  const from = clientAddress === null ? '' : ` from ${clientAddress}`
  const since = startedAt === null ? '' : `, since ${startedAt.replace(/\.\d+/, '')}`
  return `process ${processId} (${application === '' ? 'unknown application' : application}${from}${since})`
}
