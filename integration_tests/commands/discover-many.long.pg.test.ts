import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { type Connector, startConnector, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import type { Catalog } from '../helpers/messages.ts'
import { createMany } from '../helpers/create-many.ts'

const TABLES = 10_000
const SCHEMAS = 200
const POLL_MS = 20
const MAX_RSS_BYTES = 300 * 2 ** 20
const STATEMENT = /^.*LOG: {2}(?:statement|execute [^:]*): (.*)$/gm

interface Discovery {
  readonly catalog: Catalog
  /** Peak memory of the process; null where /proc is missing. */
  readonly peakRssBytes: number | null
  /** Beginnings of the statements that the server received. */
  readonly statements: readonly string[]
}

async function discover(db: TestDatabase, connector: Connector): Promise<Discovery> {
  const logged = (await db.server.log()).length
  await using running = startConnector(['discover', '--config', connector.configFile])
  let peakRssBytes: number | null = null
  const timer = setInterval(() => {
    peakRssBytes = readPeakRssBytes(running.process.pid ?? 0) ?? peakRssBytes
  }, POLL_MS)
  let catalog: Catalog | null = null
  for await (const message of running.messages()) catalog ??= message.catalog ?? null
  clearInterval(timer)
  expect(await running.ended).to.deep.include({ code: 0, stderr: '' })
  if (catalog === null) throw new Error('discover gave no catalog')
  const log = (await db.server.log()).slice(logged)
  return {
    catalog,
    peakRssBytes,
    statements: [...log.matchAll(STATEMENT)].map(([, sql]) => sql ?? ''),
  }
}

/** Null if the process has ended, or where /proc is missing. */
function readPeakRssBytes(pid: number): number | null {
  try {
    const [, kibibytes] =
      /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kibibytes === undefined ? null : Number(kibibytes) * 1024
  } catch {
    return null
  }
}

describe('discover, many relations', () => {
  it(`${TABLES} tables, then ${SCHEMAS} schemas: the same number of queries, with bounded memory`, async function () {
    this.timeout(300_000)
    await using db = await TestDatabase.create()
    await db.sql(`ALTER DATABASE ${db.name} SET log_statement = 'all'; CREATE TABLE t0 (a int)`)
    await using connector = await withConnector(db.config())
    const one = await discover(db, connector)
    expect(one.catalog.streams).to.have.length(1)
    await createMany(
      db,
      TABLES - 1,
      `'CREATE TABLE t%s (id bigint PRIMARY KEY, a text, b int, c numeric(10,2), d timestamptz,
        e date, f jsonb, g uuid, h text[], i boolean)', i`,
    )
    const many = await discover(db, connector)
    expect(many.catalog.streams).to.have.length(TABLES)
    expect(many.statements).to.have.length(one.statements.length)
    expect(one.statements).to.have.length.above(1)
    if (many.peakRssBytes !== null) expect(many.peakRssBytes).to.be.below(MAX_RSS_BYTES)

    await createMany(
      db,
      SCHEMAS,
      "'CREATE SCHEMA %1$I; CREATE TABLE %1$I.t (id bigint PRIMARY KEY, a text)', 'schema ' || i",
    )
    const schemas = Array.from({ length: SCHEMAS }, (_, index) => `schema ${index + 1}`)
    await using wide = await withConnector(db.config({ schemas }))
    const spread = await discover(db, wide)
    expect(new Set(spread.catalog.streams.map(({ namespace }) => namespace))).to.deep.equal(
      new Set(schemas),
    )
    expect(spread.statements).to.have.length(one.statements.length)
  })
})
