import { literal } from '../../src/sql.ts'
import type { TestDatabase } from '../helpers/database.ts'
import { PINNED_SETTINGS } from './pinned-settings.ts'
import { TYPE_CASES, TYPE_CASES_SETUP, type TypeCase } from './type-cases.ts'

/** Place of a value of the type table: `column` of the row whose id is `row`. */
export interface Place {
  readonly typeCase: TypeCase
  readonly column: string
  readonly row: number
  readonly input: string
  readonly expected: string | undefined
}

/** Returns a place for each value that `major` supports. */
export function placesFor(major: number): Place[] {
  return TYPE_CASES.filter(({ since = 0 }) => since <= major).flatMap((typeCase, index) =>
    typeCase.values
      .filter(([, , since = 0]) => since <= major)
      .map(([input, expected], row) => ({ typeCase, column: `c${index}`, row, input, expected })),
  )
}

/** Fills the table `cases` with a column per type; each row has the next value of each type. */
export async function fillTable(db: TestDatabase, places: readonly Place[]): Promise<void> {
  const types = new Map(places.map(({ column, typeCase }) => [column, typeCase.type]))
  const columns = [...types].map(([name, type]) => `${name} ${type}`)
  await db.sql(`${PINNED_SETTINGS}; ${TYPE_CASES_SETUP}
    CREATE TABLE cases (id int PRIMARY KEY, ${columns.join(', ')})`)
  for (const [row, members] of groupByRow(places)) {
    const names = members.map(({ column }) => column)
    const values = members.map(({ input }) => literal(input))
    await db.sql(
      `INSERT INTO cases (id, ${names.join(', ')}) VALUES (${row}, ${values.join(', ')})`,
    )
  }
}

function groupByRow(places: readonly Place[]): Map<number, Place[]> {
  const rows = new Map<number, Place[]>()
  for (const place of places) rows.set(place.row, [...(rows.get(place.row) ?? []), place])
  return rows
}
