import { expect } from 'chai'
import { ident } from '../../src/sql.ts'
import { type Run, withConnector } from '../helpers/connector.ts'
import type { TestDatabase } from '../helpers/database.ts'
import { type Catalog, configuredCatalog, type Json, recordsOf } from '../helpers/messages.ts'

/** The schema and the name of a relation. */
export type RelationName = readonly [schema: string, name: string]

/**
 * Returns the rows of a relation as the server's own JSON: exact for integers up to 2^53, text,
 * booleans and nulls.
 */
async function rowsOf(db: TestDatabase, [schema, name]: RelationName): Promise<string[]> {
  const rows = await db.sql(`SELECT row_to_json(t)::text AS row FROM ${ident(schema, name)} AS t`)
  return rows.map(({ row }) => canonical(JSON.parse(row ?? ''))).toSorted()
}

/** Returns the records of a run in the form of `rowsOf`. */
function recordRows({ messages }: Run, [schema, name]: RelationName): string[] {
  return recordsOf(messages, `${schema}.${name}`).map(canonical).toSorted()
}

/**
 * Discovers the schemas of `relations`, reads each of them and compares its records with the result
 * of SQL.
 */
export async function expectSameRows(
  db: TestDatabase,
  ...relations: readonly RelationName[]
): Promise<Run> {
  const schemas = [...new Set(relations.map(([schema]) => schema))]
  await using connector = await withConnector(db.config({ schemas }))
  const catalog = selectExactly(await connector.catalog(), relations)
  const run = await connector.read({ catalog })
  expect(run.stderr).to.equal('')
  expect(run.code, run.stdout.slice(-2000)).to.equal(0)
  for (const relation of relations) {
    const label = relation.join('.')
    const rows = await rowsOf(db, relation)
    expect(recordRows(run, relation), label).to.deep.equal(rows)
    expect(countedRows(run, relation), `sourceStats of ${label}`).to.equal(rows.length)
  }
  return run
}

/** Returns the number of records that the states of a stream count. */
function countedRows({ states }: Run, [schema, name]: RelationName): number {
  return states
    .filter(({ stream }) => {
      const descriptor = stream?.stream_descriptor
      return descriptor?.name === name && descriptor.namespace === schema
    })
    .reduce((sum, { sourceStats }) => sum + (sourceStats?.recordCount ?? 0), 0)
}

/** Selects streams by exact names, unlike `configuredCatalog`, so that names may contain dots. */
function selectExactly(catalog: Catalog, relations: readonly RelationName[]): Json {
  const streams = relations.map(([schema, name]) => {
    const found = catalog.streams.find((each) => each.namespace === schema && each.name === name)
    if (found === undefined) throw new Error(`discover did not find ${schema}.${name}`)
    return found
  })
  return configuredCatalog({ streams })
}

function canonical(row: unknown): string {
  const entries = Object.entries(row ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(entries)
}
