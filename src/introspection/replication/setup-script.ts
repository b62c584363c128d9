import { ident, literal } from '../../sql.ts'
import type { Relation } from '../relation.ts'
import { nameOf } from './coverage.ts'

/** Maximum number of tables in a script. */
const SHOWN_TABLES = 20
const MAJOR_WITH_ROOTS = 13
const MAJOR_WITH_FAILOVER_SLOTS = 17

/**
 * Builds the statement that creates a publication of the relations of a config. Tables without a
 * primary key are omitted: once published, the server rejects their updates and deletes.
 */
export function createPublication(
  publication: string,
  major: number,
  relations: readonly Relation[],
): string {
  const canPublishRoots = major >= MAJOR_WITH_ROOTS
  const wanted = relations.filter(({ kind, isPartition, primaryKey }) => {
    const isTable = canPublishRoots ? !isPartition && (kind === 'r' || kind === 'p') : kind === 'r'
    return isTable && primaryKey.length > 0
  })
  const names = wanted.slice(0, SHOWN_TABLES).map(nameOf)
  if (wanted.length > SHOWN_TABLES) names.push('…')
  const tables = names.length === 0 ? '…' : names.join(', ')
  const viaRoot = wanted.some(({ kind }) => kind === 'p')
    ? ' WITH (publish_via_partition_root = true)'
    : ''
  return `CREATE PUBLICATION ${ident(publication)} FOR TABLE ${tables}${viaRoot};`
}

/**
 * Builds the statement that creates a slot, with failover if the server supports it and is a
 * primary.
 */
export function createSlot(
  slot: string,
  { major, isStandby }: { readonly major: number; readonly isStandby: boolean },
): string {
  const options = major >= MAJOR_WITH_FAILOVER_SLOTS && !isStandby ? ', false, false, true' : ''
  return `SELECT pg_create_logical_replication_slot(${literal(slot)}, 'pgoutput'${options});`
}

/** Builds the statement that drops a slot. */
export function dropSlot(slot: string): string {
  return `SELECT pg_drop_replication_slot(${literal(slot)});`
}
