import stringWidth from 'string-width'
import type { Column, Relation, RelationKind } from '../introspection/relation.ts'
import { type OfferOf, toStream } from '../catalog/stream.ts'
import { streamLabel } from '../protocol/stream-names.ts'

const KINDS: Readonly<Record<RelationKind, string>> = {
  r: 'table',
  p: 'partitioned table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
}
const QUERY_OID = 0
const KILOBYTE = 1e3
const MEGABYTE = 1e6
const HEAD = ['column', 'type', 'in records', 'nullable', 'key', 'cursor']

/** Formats the streams and their columns as a table, in the order of `relations`. */
export function streamTable(relations: readonly Relation[], offerOf: OfferOf): string {
  if (relations.length === 0) return 'There is nothing to read.\n'
  return relations.map((relation) => describe(relation, offerOf)).join('\n')
}

function describe(relation: Relation, offerOf: OfferOf): string {
  const { name, namespace, supported_sync_modes: modes } = toStream(relation, offerOf(relation))
  const title = [streamLabel({ name, namespace: namespace ?? '' }), kindOf(relation)]
  const facts = [...sizeOf(relation), modes.join(', ')]
  const rows = relation.columns.map((column) => columnRow(column, relation))
  return `${title.join('  ')}  (${facts.join('; ')})\n${layOut([HEAD, ...rows])}`
}

function kindOf({ kind, oid, isPartition }: Relation): string {
  if (oid === QUERY_OID) return 'query'
  return isPartition ? `${KINDS[kind]}, a partition` : KINDS[kind]
}

function sizeOf({ estimatedRows, sizeBytes }: Relation): string[] {
  if (estimatedRows === null) return []
  const rows = `about ${Math.round(estimatedRows).toLocaleString('en-US')} rows`
  const [unit, bytes] = sizeBytes < MEGABYTE ? ['kB', KILOBYTE] : ['MB', MEGABYTE]
  return [`${rows}, ${(sizeBytes / bytes).toLocaleString('en-US', DECIMALS)} ${unit}`]
}

const DECIMALS = { maximumFractionDigits: 1 } as const

function columnRow({ name, type, order, isNullable }: Column, { primaryKey }: Relation): string[] {
  const { type: json, format, airbyte_type: airbyteType } = type.jsonSchema
  const keyIndex = primaryKey.indexOf(name)
  return [
    name,
    json === 'array' ? type.name.replace(/^_(.+)$/, '$1[]') : type.name,
    [airbyteType === 'integer' ? airbyteType : json, format]
      .filter((word) => typeof word === 'string')
      .join(' '),
    isNullable ? 'yes' : 'no',
    keyIndex === -1 ? '' : `${keyIndex + 1}`,
    order === null ? 'no' : 'yes',
  ]
}

function layOut(rows: readonly (readonly string[])[]): string {
  const widths = HEAD.map((_, index) => Math.max(...rows.map((row) => stringWidth(row[index]!))))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => cell + ' '.repeat(widths[index]! - stringWidth(cell)))
      .join('  ')
      .trimEnd()
  return rows.map((row) => `  ${line(row)}\n`).join('')
}
