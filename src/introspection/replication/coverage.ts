import { ident } from '../../sql.ts'
import type { LogCoverage, Relation } from '../relation.ts'
import type { Member } from './members.ts'
import type { Publication, PublishedTable } from './publication.ts'

/**
 * Maximum length of the part of a table's name in the name of an index, which has at most 63 bytes.
 */
const MAX_INDEXED_NAME = 40

/** A published table, and the member whose changes it contains. */
interface Source {
  readonly member: Member
  readonly table: PublishedTable
}

/**
 * Determines how a publication covers a relation. `members` are the relation and, if it is
 * partitioned, everything below it. The log contains changes of the root or of the leaves,
 * depending on `publish_via_partition_root`.
 */
export function coverageOf(
  relation: Relation,
  { name, publication }: { name: string; publication: Publication | null },
  members: readonly Member[],
): LogCoverage {
  const none = { key: relation.primaryKey, columns: [], filter: null, sources: [] }
  if (publication === null) {
    return { ...none, refusal: `publication "${name}" does not exist` }
  }
  const sources = findSources(relation, publication, members)
  const tables = members.filter(({ kind }) => kind !== 'p')
  const columns = publishedColumns(relation, publication, sources)
  const key = keyOf(relation, tables)
  const refusal =
    findGap(relation, { name, publication }, { members, sources }) ??
    findIdentityGap(relation, tables, key) ??
    findKeyGap(key, columns)
  return {
    refusal,
    key: refusal === null ? key : relation.primaryKey,
    columns,
    filter: filterOf(relation, sources),
    sources: sources.map(({ member }) => member.oid),
  }
}

/** `"schema"."name"` */
export function nameOf({ schema, name }: Pick<Relation, 'schema' | 'name'>): string {
  return ident(schema, name)
}

function findSources(
  { oid }: Relation,
  { tables }: Publication,
  members: readonly Member[],
): readonly Source[] {
  const sources = members.flatMap((member) => {
    const table = tables.get(member.oid)
    return table === undefined ? [] : [{ member, table }]
  })
  const own = sources.find(({ member }) => member.oid === oid)
  return own === undefined ? sources : [own]
}

/** Returns why the publication does not contain every change of the relation. */
function findGap(
  relation: Relation,
  { name, publication }: { name: string; publication: Publication },
  { members, sources }: { members: readonly Member[]; sources: readonly Source[] },
): string | null {
  const { oid, kind } = relation
  const pub = ident(name)
  if (kind !== 'r' && kind !== 'p') return 'only tables have changes in the log'
  const unlogged = members.find(({ isLogged, kind: each }) => each === 'r' && !isLogged)
  if (unlogged !== undefined) {
    return `table ${nameOf(unlogged)} is unlogged. Run: ALTER TABLE ${nameOf(unlogged)} SET LOGGED;`
  }
  if (sources.some(({ member }) => member.oid === oid)) return null
  const self = members.find((member) => member.oid === oid)
  const shown = self?.ancestors.some((ancestor) => publication.tables.has(ancestor)) ?? false
  if (shown) {
    return `publication ${pub} shows its changes as those of the partitioned table above it. Select that one, or run: ALTER PUBLICATION ${pub} SET (publish_via_partition_root = false);`
  }
  const leaves = members.filter((member) => member.kind !== 'p')
  const isCovered = kind === 'p' && leaves.length > 0 && leaves.length === sources.length
  if (isCovered) return null
  const missing = leaves.filter(({ oid: leaf }) => !publication.tables.has(leaf))
  const wanted = kind === 'p' && !publication.canPublishRoots ? missing : [relation]
  return `publication ${pub} does not publish ${sources.length > 0 ? 'all partitions of it' : 'it'}. Run: ALTER PUBLICATION ${pub} ADD TABLE ${wanted.map(nameOf).join(', ')};`
}

/** Returns why the log does not identify an updated or deleted row. */
function findIdentityGap(
  relation: Relation,
  tables: readonly Member[],
  key: readonly string[],
): string | null {
  if (key.length === 0) {
    return `it has no primary key. Run: ALTER TABLE ${nameOf(relation)} ADD PRIMARY KEY (…); or ALTER TABLE ${nameOf(relation)} REPLICA IDENTITY USING INDEX …;`
  }
  const unknown = tables.find((member) => !identifiesRows(member))
  if (unknown !== undefined) {
    const table = nameOf(unknown)
    if (unknown.identity === 'n') {
      return `the replica identity of ${table} is NOTHING. Run: ALTER TABLE ${table} REPLICA IDENTITY FULL;`
    }
    const index = ident(`${unknown.name.slice(0, MAX_INDEXED_NAME)}_identity`)
    const columns = key.map((name) => ident(name)).join(', ')
    return `the replica identity of ${table} is DEFAULT, without a primary key that is not deferrable. Run: CREATE UNIQUE INDEX ${index} ON ${table} (${columns}); ALTER TABLE ${table} REPLICA IDENTITY USING INDEX ${index};`
  }
  const other = tables.find(
    ({ identity, identityKey }) =>
      identity !== 'f' && !key.every((name) => identityKey.includes(name)),
  )
  return other === undefined
    ? null
    : `the replica identity of ${nameOf(other)} has other columns than the key. Run: ALTER TABLE ${nameOf(other)} REPLICA IDENTITY DEFAULT;`
}

/**
 * The server rejects an UPDATE if the publication omits an identity column. It does not check a key
 * under FULL.
 */
function findKeyGap(key: readonly string[], columns: readonly string[]): string | null {
  const missing = key.find((name) => !columns.includes(name))
  return missing === undefined
    ? null
    : `its key column ${ident(missing)} is not published. Add it to the column list of the publication.`
}

/**
 * Whether UPDATE and DELETE of a published table are allowed, and the log identifies their rows.
 */
export function identifiesRows({ identity, identityKey }: Member): boolean {
  return identity === 'f' || identityKey.length > 0
}

/**
 * For a table with an identity index, the columns of that index: the log contains no others of a
 * deleted row.
 */
function keyOf(relation: Relation, tables: readonly Member[]): readonly string[] {
  const [table] = tables
  const isIndex = relation.kind === 'r' && table?.identity === 'i' && table.identityKey.length > 0
  return isIndex ? table.identityKey : relation.primaryKey
}

function publishedColumns(
  { columns }: Relation,
  { canPublishGenerated }: Publication,
  sources: readonly Source[],
): readonly string[] {
  const isPublished = (name: string) => (source: Source) => {
    const isListed = source.table.columns?.includes(name) ?? true
    const isGenerated = source.member.generatedColumns.includes(name)
    return isListed && (!isGenerated || canPublishGenerated)
  }
  return columns.map(({ name }) => name).filter((name) => sources.every(isPublished(name)))
}

function filterOf({ oid }: Relation, sources: readonly Source[]): string | null {
  if (sources.every(({ table }) => table.filter === null)) return null
  const conditions = sources.map(({ member, table }) => {
    const condition = table.filter ?? 'true'
    return member.oid === oid
      ? `(${condition})`
      : `(tableoid = ${member.oid}::pg_catalog.oid AND (${condition}))`
  })
  return conditions.join(' OR ')
}
