import { expect } from 'chai'
import { ident } from '../../../src/sql.ts'
import { findEntry } from '../../../src/types/registry.ts'
import { Consumer, idsOf } from '../../helpers/consumer.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { makePathHostile } from '../../helpers/hostile-schema.ts'
import { Random } from '../../../src/testing/random.ts'
import { type Generator, GENERATORS } from '../../types/random-values.ts'

const SEED = 20_261_125
const ROUNDS = 4
const ROWS = 6

/**
 * Types in a schema outside of every search_path; `natural` is ordered by user-defined operators
 * with other names.
 */
const SETUP = `
  CREATE SCHEMA app; CREATE SCHEMA kinds; SET search_path = pg_catalog;
  CREATE EXTENSION citext SCHEMA kinds;
  CREATE TYPE kinds.mood AS ENUM ('sad', 'ok', 'glad', 'a "b"');
  CREATE TYPE kinds.natural;
  CREATE FUNCTION kinds.natural_in(cstring) RETURNS kinds.natural
    LANGUAGE internal IMMUTABLE STRICT AS 'textin';
  CREATE FUNCTION kinds.natural_out(kinds.natural) RETURNS cstring
    LANGUAGE internal IMMUTABLE STRICT AS 'textout';
  CREATE TYPE kinds.natural (INPUT = kinds.natural_in, OUTPUT = kinds.natural_out, LIKE = text);
  CREATE CAST (kinds.natural AS text) WITHOUT FUNCTION;
  CREATE FUNCTION kinds.natural_cmp(a kinds.natural, b kinds.natural) RETURNS int4
    LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog AS
    $$ SELECT CASE WHEN length(a::text) = length(b::text) THEN bttextcmp(a::text, b::text)
                   ELSE length(a::text) - length(b::text) END $$;
  ${[
    ['lt', '<', '#<#'],
    ['le', '<=', '#<=#'],
    ['eq', '=', '#=#'],
    ['ge', '>=', '#>=#'],
    ['gt', '>', '#>#'],
  ]
    .map(
      ([name, comparison, operator]) => `
        CREATE FUNCTION kinds.natural_${name}(a kinds.natural, b kinds.natural) RETURNS bool
          LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog AS
          $$ SELECT kinds.natural_cmp(a, b) ${comparison} 0 $$;
        CREATE OPERATOR kinds.${operator} (
          LEFTARG = kinds.natural, RIGHTARG = kinds.natural, PROCEDURE = kinds.natural_${name});`,
    )
    .join('')}
  CREATE OPERATOR CLASS kinds.natural_ops DEFAULT FOR TYPE kinds.natural USING btree AS
    OPERATOR 1 kinds.#<#, OPERATOR 2 kinds.#<=#, OPERATOR 3 kinds.#=#, OPERATOR 4 kinds.#>=#,
    OPERATOR 5 kinds.#>#, FUNCTION 1 kinds.natural_cmp(kinds.natural, kinds.natural)`

/** For types with values above all that a cursor can exceed: one of them. */
const NON_FINITE: Readonly<Record<string, string>> = {
  date: 'infinity',
  timestamp: 'infinity',
  timestamptz: 'infinity',
  float4: 'NaN',
  float8: 'Infinity',
  numeric: 'NaN',
}

/** Types whose window is an hour of the cursor's own time: rows below it are not searched. */
const CLOCKS = new Set(['timestamp', 'timestamptz'])

/** A table `app.name (id, c)` with the cursor `c`. */
interface CursorTable {
  readonly name: string
  readonly columnType: string
  readonly generate: Generator
  readonly nonFinite: string | null
  readonly isClock: boolean
}

/**
 * Every type that the registry accepts as a cursor, and user-defined ones, each also as a domain.
 */
function cursorTables(): CursorTable[] {
  const builtIn = Object.entries(GENERATORS).flatMap(([name, generate]) => {
    const type = findEntry({ schema: 'pg_catalog', name, extension: null })
    return (type?.cursor ?? null) === null ? [] : [{ schema: 'pg_catalog', name, generate }]
  })
  const own = [
    { schema: 'kinds', name: 'citext', generate: GENERATORS['citext']! },
    { schema: 'kinds', name: 'mood', generate: (r: Random) => r.pick(['sad', 'ok', 'glad']) },
    { schema: 'kinds', name: 'natural', generate: (r: Random) => r.integer(20) },
  ]
  return [...builtIn, ...own].flatMap(({ schema, name, generate }) => {
    const facts = { generate, nonFinite: NON_FINITE[name] ?? null, isClock: CLOCKS.has(name) }
    return [
      { ...facts, name: `plain_${name}`, columnType: ident(schema, name) },
      // Some domains have the name of a type other than their base type
      { ...facts, name: `domain_${name}`, columnType: ident('kinds', `${name}_domain`) },
      { ...facts, name: `disguised_${name}`, columnType: ident('kinds', disguiseOf(name)) },
    ]
  })
}

function disguiseOf(name: string): string {
  return name === 'numeric' ? 'timestamptz' : name === 'int4' ? 'numeric' : `_${name}_`
}

async function createTables(db: TestDatabase, tables: readonly CursorTable[]): Promise<void> {
  for (const { name, columnType } of tables) {
    const base = name.replace(/^[a-z]+_/, '')
    if (!name.startsWith('plain_')) {
      const own = ['citext', 'mood', 'natural'].includes(base) ? 'kinds' : 'pg_catalog'
      await db.sql(`CREATE DOMAIN ${columnType} AS ${ident(own, base)} CHECK (true)`)
    }
    await db.sql(`CREATE TABLE app.${ident(name)} (id int8 PRIMARY KEY, c ${columnType})`)
  }
}

/** A row as the server ranks it; `isPassable`: rows with higher values may follow. */
interface Ranked {
  readonly id: number
  readonly rank: number
  readonly isPassable: boolean
}

async function rankRows(db: TestDatabase, table: CursorTable): Promise<Ranked[]> {
  const rows = await db.sql(
    `SELECT id, dense_rank() OVER (ORDER BY c) AS rank, format('%s', c) AS c FROM app.${ident(table.name)}`,
  )
  return rows.map(({ id, rank, c }) => ({
    id: Number(id),
    rank: Number(rank),
    isPassable: table.nonFinite === null || !['infinity', 'Infinity', 'NaN'].includes(c ?? ''),
  }))
}

/** Records of a sync, and the range of new rows below the saved value that it searches. */
interface Delivery {
  readonly delivered: readonly number[]
  readonly below: 'none' | 'some' | 'all'
}

/** Finds the faults of a sync. @param before ids that an earlier sync delivered. */
function findFaults(
  ranked: readonly Ranked[],
  before: ReadonlySet<number>,
  { delivered, below }: Delivery,
): string[] {
  const known = ranked.filter(({ id, isPassable }) => before.has(id) && isPassable)
  const saved = Math.max(0, ...known.map(({ rank }) => rank))
  const got = new Set(delivered)
  return ranked.flatMap(({ id, rank, isPassable }) => {
    const isNew = !before.has(id)
    const isBelow = rank < saved
    const isDue = isNew && (!isBelow || !isPassable || below === 'all')
    const isAllowed = isDue || rank === saved || (isNew && isBelow && below === 'some')
    if (isDue && !got.has(id)) return [`row ${id} of rank ${rank} is missing`]
    return got.has(id) && !isAllowed ? [`row ${id} of rank ${rank} came again`] : []
  })
}

describe(`cursors of every type outside of the search_path, with objects that have names of pg_catalog (seed ${SEED})`, () => {
  for (const windowSeconds of [0, 3600]) {
    it(`late_commit_window_seconds ${windowSeconds}: read the rows that the server ranks above`, async () => {
      await using db = await TestDatabase.create()
      await db.sql(SETUP)
      const tables = cursorTables()
      expect(tables.length).to.be.greaterThan(70)
      await createTables(db, tables)
      await makePathHostile(db, 'kinds')
      const choices = tables.map(({ name }) => ({ name, cursorField: 'c' }))
      const config = { schemas: ['app'], late_commit_window_seconds: windowSeconds }
      await using consumer = await Consumer.create(db, choices, config)
      const random = new Random(SEED)
      const known = new Map(tables.map(({ name }) => [name, new Set<number>()]))
      const faults: string[] = []
      for (let round = 0; round < ROUNDS; round++) {
        for (const table of tables) await insertRows(db, table, { random, round })
        const { messages } = await consumer.sync()
        for (const table of tables) {
          const before = known.get(table.name)!
          const ranked = await rankRows(db, table)
          const delivered = idsOf(messages, table.name)
          const below = windowSeconds === 0 ? 'none' : table.isClock ? 'some' : 'all'
          for (const fault of findFaults(ranked, before, { delivered, below }))
            faults.push(`${table.name}, round ${round}: ${fault}`)
          for (const { id } of ranked) before.add(id)
        }
        expect(faults).to.deep.equal([])
        expect(idsOf((await consumer.sync()).messages)).to.deep.equal([])
      }
    })
  }
})

async function insertRows(
  db: TestDatabase,
  { name, columnType, generate, nonFinite }: CursorTable,
  { random, round }: { random: Random; round: number },
): Promise<void> {
  const values = Array.from({ length: ROWS }, () => generate(random))
  if (nonFinite !== null && round % 2 === 0) values.push(nonFinite)
  const rows = values.map((_, index) => `${round * 100 + index}`)
  await db.sql(
    `INSERT INTO app.${ident(name)} SELECT id::int8, v::${columnType}
     FROM unnest($1::text[], $2::text[]) AS given (id, v)`,
    [rows, values],
  )
}
