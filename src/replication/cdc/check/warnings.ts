import { nameOf, identifiesRows } from '../../../introspection/replication/coverage.ts'
import type { Member } from '../../../introspection/replication/members.ts'
import { ident } from '../../../sql.ts'
import type { PublicationRule } from '../../../introspection/replication/publication-rules.ts'
import { describeHolder } from '../slot/slot-holder.ts'
import { idleRisk } from '../slot/slot-loss.ts'
import type { CdcFacts } from './prerequisites.ts'

const SHOWN_NAMES = 10

/** All tables of a publication. */
export interface PublishedTables {
  /** By table of the publication: the table itself, and the tables below it. */
  readonly members: ReadonlyMap<number, readonly Member[]>
  /** Tables with a column list or a row filter. */
  readonly rules: ReadonlyMap<number, PublicationRule>
}

/** Finds problems that will prevent syncs or affect other clients. */
export function findWarnings(facts: CdcFacts, published: PublishedTables): readonly string[] {
  const warnings = [
    ...rejectedOperations(facts, published),
    operationsWarning(facts),
    ...slotWarnings(facts),
    headroomWarning('max_replication_slots', facts.log.usedSlots, facts.log.maxSlots),
    headroomWarning('max_wal_senders', facts.log.usedWalSenders, facts.log.maxWalSenders),
    standbyWarning(facts),
  ]
  return warnings.filter((text) => text !== null)
}

/**
 * Returns why relations are not offered incrementally, for the log of discover and check: one
 * message per reason.
 */
export function coverageNotes({ relations }: Pick<CdcFacts, 'relations'>): readonly string[] {
  const reasons = new Map<string, string[]>()
  const partial: string[] = []
  for (const { schema, name, log, columns } of relations) {
    if (log === undefined) continue
    const stream = `'${schema}.${name}'`
    const missing = columns.filter((column) => !log.columns.includes(column.name))
    if (log.refusal !== null) {
      reasons.set(log.refusal, [...(reasons.get(log.refusal) ?? []), stream])
    } else if (missing.length > 0) {
      const names = missing.map((column) => ident(column.name)).join(', ')
      partial.push(
        `Stream ${stream} is offered without ${names}: the publication leaves out their values.`,
      )
    }
  }
  const refused = [...reasons].map(([reason, streams]) =>
    streams.length === 1
      ? `Stream ${streams[0]} is offered as full refresh only: ${reason}`
      : `Streams ${shownNames(streams, 'streams')} are offered as full refresh only: ${reason}`,
  )
  return [...refused, ...partial]
}

/** The server rejects these operations in the application that writes, not in the connector. */
function rejectedOperations(
  { publication }: CdcFacts,
  published: PublishedTables,
): readonly string[] {
  const operations = [
    ...(publication?.publishesUpdate === true ? ['UPDATE'] : []),
    ...(publication?.publishesDelete === true ? ['DELETE'] : []),
  ].join(' and ')
  if (operations === '') return []
  const tables = tablesOf(published)
  return REJECTIONS.flatMap(({ what, applies, remedy }) => {
    const [first, ...others] = tables.filter(applies)
    if (first === undefined) return []
    const names = [first, ...others].map(({ member }) => nameOf(member))
    return `${operations} fail for all clients on published tables ${what}: ${shownNames(names, 'tables')}. ${remedy(nameOf(first.member))}`
  })
}

interface PublishedMember {
  readonly member: Member
  readonly rule: PublicationRule | undefined
}

interface Rejection {
  readonly what: string
  readonly applies: (table: PublishedMember) => boolean
  readonly remedy: (table: string) => string
}

const REJECTIONS: readonly Rejection[] = [
  {
    what: 'without a replica identity',
    applies: ({ member }) => !identifiesRows(member),
    remedy: (table) => `Add a primary key or run: ALTER TABLE ${table} REPLICA IDENTITY FULL;`,
  },
  {
    what: 'whose row filter uses columns that are not in the replica identity',
    applies: ({ member: { identity, identityKey }, rule }) =>
      identity !== 'f' &&
      identityKey.length > 0 &&
      !(rule?.filterColumns ?? []).every((name) => identityKey.includes(name)),
    remedy: (table) =>
      `Change the row filter, or publish all columns and run: ALTER TABLE ${table} REPLICA IDENTITY FULL;`,
  },
  {
    what: 'whose column list does not cover the replica identity',
    applies: ({ member: { identity, identityKey }, rule }) => {
      const listed = rule?.listedColumns ?? null
      return (
        listed !== null && (identity === 'f' || !identityKey.every((name) => listed.includes(name)))
      )
    },
    remedy: (table) => `Publish ${table} without a column list, or with the columns of its key.`,
  },
]

/**
 * Tables with rows, each once. For a partition, the rules of the table apply as which its changes
 * are published.
 */
function tablesOf({ members, rules }: PublishedTables): readonly PublishedMember[] {
  const all = [...members].flatMap(([oid, below]) =>
    below.map((member) => ({ member, rule: rules.get(oid) })),
  )
  const tables = all.filter(({ member }) => member.kind === 'r')
  return [...new Map(tables.map((each) => [each.member.oid, each])).values()]
}

/**
 * Warnings for relations with row security that applies to the role: the log contains all rows, but
 * the first load only those that the policies allow.
 */
export function securityWarnings(
  { relations, config }: CdcFacts,
  secured: ReadonlySet<number>,
): readonly string[] {
  const names = relations.filter(({ oid }) => secured.has(oid)).map(nameOf)
  if (names.length === 0) return []
  const role = ident(config.username)
  return [
    `The first load leaves out rows that row security hides from user ${role}, and the log does not: ${shownNames(names, 'tables')}. Run: ALTER ROLE ${role} BYPASSRLS; and refresh the streams.`,
  ]
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
  const { slot } = log
  if (slot === null) return []
  const name = `Replication slot "${cdc.slot}"`
  const warnings: string[] = []
  const idle = idleRisk(log)
  if (idle !== null) warnings.push(`${name} ${idle}.`)
  if (slot.holder !== null) {
    warnings.push(`${name} is in use by ${describeHolder(slot.holder)}. A slot has one reader.`)
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

function shownNames(names: readonly string[], kind: string): string {
  const more = names.length > SHOWN_NAMES ? `, … (${names.length} ${kind})` : ''
  return `${names.slice(0, SHOWN_NAMES).join(', ')}${more}`
}
