import { ident, literal } from '../../src/sql.ts'
import type { TestDatabase } from '../helpers/database.ts'
import { PINNED_SETTINGS } from './pinned-settings.ts'
import { Random } from '../../src/testing/random.ts'
import { readUniverse, UNIVERSE_SETUP, type UniverseType } from './type-universe.ts'

/** A table of random values: `id`, then a column per type. */
export interface RandomTable {
  readonly name: string
  readonly columns: ReadonlyMap<string, UniverseType>
}

/** Number of values per type. */
export const ROWS = 2000
const COLUMNS_PER_TABLE = 16
const ROWS_PER_INSERT = 250
const SEED = 20_260_101
const NULLS_ONE_IN = 40

/** Fills tables with random values of every type in the database, the same in every run. */
export async function createRandomTables(db: TestDatabase): Promise<RandomTable[]> {
  await db.sql(`${PINNED_SETTINGS}; ${UNIVERSE_SETUP}`)
  const types = await readUniverse(db)
  const tables: RandomTable[] = []
  for (let start = 0; start < types.length; start += COLUMNS_PER_TABLE) {
    const members = types.slice(start, start + COLUMNS_PER_TABLE)
    const columns = new Map(members.map((type) => [`c_${type.oid}`, type]))
    const table = { name: `random_${tables.length}`, columns }
    await fill(db, table)
    tables.push(table)
  }
  return tables
}

async function fill(db: TestDatabase, { name, columns }: RandomTable): Promise<void> {
  const definitions = Array.from(columns, ([column, { sql }]) => `${ident(column)} ${sql}`)
  await db.sql(`CREATE TABLE ${name} (id int PRIMARY KEY, ${definitions.join(', ')})`)
  const randoms = Array.from(columns.values(), ({ oid }) => new Random(SEED + Number(oid)))
  const generators = Array.from(columns.values(), ({ generate }) => generate)
  for (let start = 0; start < ROWS; start += ROWS_PER_INSERT) {
    const rows = Array.from({ length: ROWS_PER_INSERT }, (_, index) => {
      const values = generators.map((generate, column) => valueOf(randoms[column]!, generate))
      return `(${start + index}, ${values.join(', ')})`
    })
    await db.sql(`INSERT INTO ${name} VALUES ${rows.join(',\n')}`)
  }
}

function valueOf(random: Random, generate: UniverseType['generate']): string {
  return random.oneIn(NULLS_ONE_IN) ? 'NULL' : literal(generate(random))
}
