import { errorCode } from '../../../../errors.ts'
import type { Database } from '../../../../postgres/session/database.ts'
import { ReadTransaction } from '../../../../postgres/session/read-transaction.ts'
import { ident } from '../../../../sql.ts'
import {
  BINARY_KIND,
  type LogTuple,
  NULL_KIND,
  TEXT_KIND,
  type TupleValue,
  UNCHANGED_KIND,
} from '../../../../wire/log-tuple.ts'
import type { ChangeWriter } from '../change-writer.ts'
import type { HeldChange } from '../log-follower.ts'
import type { RowChange } from '../row-change.ts'
import { alteredError } from './altered-table.ts'

/** A row of a stream with values that are not in the log. */
interface Gap {
  readonly held: HeldChange
  readonly writer: ChangeWriter
  readonly columns: readonly number[]
}

interface Values {
  readonly gap: number
  readonly values: readonly (string | null)[]
}

/** Values by column of the relation. */
type FetchedValues = ReadonlyMap<number, TupleValue>

const NULL: TupleValue = { kind: NULL_KIND, bytes: Buffer.alloc(0) }

/**
 * A schema, a table, a column or an operator of its type does not exist: it was renamed or dropped,
 * or its type was altered, after the streams were planned. The next attempt plans them again.
 */
const ALTERED: ReadonlySet<string> = new Set(['3F000', '42P01', '42703', '42883'])
/** Rows per query: each row is a branch of one statement with its own parameters. */
const ROWS_PER_QUERY = 100

/**
 * Fetches by key the values that the log leaves out: those stored out of line that an UPDATE did
 * not change. The changes are already visible (`awaitVisible`). A value may be newer than its
 * change; then a later change follows. A row that was deleted has no values.
 */
export async function refetchValues(
  held: readonly HeldChange[],
  database: Database,
): Promise<ReadonlyMap<HeldChange, FetchedValues>> {
  const gaps = held.flatMap(gapsOf)
  const fetched = new Map<HeldChange, Map<number, TupleValue>>()
  if (gaps.length === 0) return fetched
  await using transaction = await ReadTransaction.begin(database, { searchPath: 'pg_catalog' })
  for (let at = 0; at < gaps.length; at += ROWS_PER_QUERY) {
    const batch = gaps.slice(at, at + ROWS_PER_QUERY)
    for (const { gap, values } of await queryValues(batch, transaction)) {
      const { held: change, columns } = batch[gap]!
      const known = fetched.get(change) ?? new Map<number, TupleValue>()
      for (const [index, column] of columns.entries()) {
        const value = values[index] ?? null
        known.set(column, value === null ? NULL : { kind: TEXT_KIND, bytes: Buffer.from(value) })
      }
      fetched.set(change, known)
    }
  }
  return fetched
}

function gapsOf(held: HeldChange): readonly Gap[] {
  const { route, change } = held
  const lacking = (route.writers ?? []).filter(
    (writer) => !writer.stream.shows(change.transaction) && writer.lacksValue(change),
  )
  return lacking.map((writer) => ({ held, writer, columns: writer.unchanged(change.newTuple) }))
}

async function queryValues(
  batch: readonly Gap[],
  transaction: ReadTransaction,
): Promise<readonly Values[]> {
  const params: unknown[] = []
  const branches = batch.map(({ held: { change }, writer, columns }, index) => {
    const nameOf = (column: number) => ident(writer.logged.nameOf(column))
    const values = columns.map((column) => textOf(nameOf(column)))
    const conditions = writer.key.map((column, position) => {
      params.push(parameterOf(keyTuple(change, column), column))
      return writer.keyMatches![position]!(nameOf(column), `$${params.length}`)
    })
    const list = `ARRAY[${values.join(', ')}]::pg_catalog.text[]`
    return `SELECT ${index} AS gap, ${list} AS values FROM ${writer.stream.plan.from} WHERE ${conditions.join(' AND ')}`
  })
  return await transaction
    .query<Values>(branches.join('\nUNION ALL\n'), params)
    .catch((error: unknown) => {
      throw ALTERED.has(errorCode(error) ?? '') ? alteredError(error) : error
    })
}

/** A key that is stored out of line is in the old tuple. */
function keyTuple({ newTuple, oldTuple }: RowChange, column: number): LogTuple {
  return newTuple.kinds[column] === UNCHANGED_KIND ? oldTuple : newTuple
}

/**
 * The text of the type's output function, as in the log; a cast to text may return another text.
 */
function textOf(column: string): string {
  return `CASE WHEN ${column} IS NOT NULL THEN pg_catalog.format('%s', ${column}) END`
}

function parameterOf({ kinds, bytes, starts, ends }: LogTuple, column: number): unknown {
  if (kinds[column] === NULL_KIND) return null
  const value = Buffer.from(bytes.subarray(starts[column], ends[column]))
  // pg sends a Buffer in the binary form
  return kinds[column] === BINARY_KIND ? value : value.toString()
}
