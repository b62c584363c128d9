import { nameOf, identifiesRows } from '../../introspection/replication/coverage.ts'
import type { Member } from '../../introspection/replication/members.ts'
import { ident } from '../../sql.ts'
import type { CdcFacts } from './prerequisites.ts'

const SHOWN_TABLES = 10
/** A slot that was idle for a third of the timeout will reach it between two syncs. */
const IDLE_FRACTION = 3

/** Finds what works now and will fail, or fails for others. `published` are all tables of the publication. */
export function findWarnings(facts: CdcFacts, published: readonly Member[]): readonly string[] {
  const warnings = [
    identityWarning(facts, published),
    operationsWarning(facts),
    ...slotWarnings(facts),
    headroomWarning('max_replication_slots', facts.log.usedSlots, facts.log.maxSlots),
    headroomWarning('max_wal_senders', facts.log.usedWalSenders, facts.log.maxWalSenders),
    standbyWarning(facts),
  ]
  return warnings.filter((text) => text !== null)
}

/** Why a relation is offered without incremental, for the log of discover and check. */
export function coverageNotes({ relations }: Pick<CdcFacts, 'relations'>): readonly string[] {
  return relations.flatMap(({ schema, name, log, columns }) => {
    const stream = `Stream '${schema}.${name}'`
    if (log === undefined) return []
    if (log.refusal !== null) return [`${stream} is offered as full refresh only: ${log.refusal}`]
    const missing = columns.filter((column) => !log.columns.includes(column.name))
    if (missing.length === 0) return []
    const names = missing.map((column) => ident(column.name)).join(', ')
    return [`${stream} is offered without ${names}: the publication leaves out their values.`]
  })
}

/** The server rejects them in the application that writes, not here. */
function identityWarning({ publication }: CdcFacts, published: readonly Member[]): string | null {
  if (publication === null || !(publication.publishesUpdate || publication.publishesDelete))
    return null
  const tables = published.filter((member) => member.kind === 'r' && !identifiesRows(member))
  if (tables.length === 0) return null
  const shown = tables.slice(0, SHOWN_TABLES).map(nameOf)
  const more = tables.length > SHOWN_TABLES ? `, … (${tables.length} tables)` : ''
  return `UPDATE and DELETE fail for everybody on published tables without a replica identity: ${shown.join(', ')}${more}. Add a primary key or run: ALTER TABLE ${shown[0]} REPLICA IDENTITY FULL;`
}

function operationsWarning({ publication, cdc }: CdcFacts): string | null {
  if (publication === null) return null
  const missing = [
    ['insert', publication.publishesInsert],
    ['update', publication.publishesUpdate],
    ['delete', publication.publishesDelete],
  ].flatMap(([name, isPublished]) => (isPublished === true ? [] : [name]))
  if (missing.length === 0) return null
  return `Publication ${ident(cdc.publication)} leaves out ${missing.join(' and ')}. Run: ALTER PUBLICATION ${ident(cdc.publication)} SET (publish = 'insert, update, delete, truncate');`
}

function slotWarnings({ log, cdc }: CdcFacts): readonly string[] {
  const { slot, idleSlotTimeoutS, idleS } = log
  if (slot === null || slot.restartLsn === null) return []
  const name = `Replication slot "${cdc.slot}"`
  const warnings: string[] = []
  if (idleSlotTimeoutS > 0 && idleS !== null && idleSlotTimeoutS < IDLE_FRACTION * idleS) {
    warnings.push(
      `${name} was idle for ${Math.round(idleS)} s, and idle_replication_slot_timeout is ${idleSlotTimeoutS} s. Raise it or sync more often.`,
    )
  }
  if (slot.holder !== null) {
    warnings.push(
      `${name} is in use by process ${slot.holder.processId} (${slot.holder.applicationName ?? 'unknown application'}). A slot has one reader.`,
    )
  }
  return warnings
}

function headroomWarning(setting: string, used: number, max: number): string | null {
  if (used < max) return null
  return `${used} of ${max} are in use (${setting}). Raise ${setting} and restart the server.`
}

function standbyWarning({ log }: CdcFacts): string | null {
  if (!log.isStandby) return null
  return 'The server is a standby: set hot_standby_feedback to on and use a physical slot, else conflicts with the primary invalidate the slot.'
}
