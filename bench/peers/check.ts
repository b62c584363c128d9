import { RecordBatchReader } from 'apache-arrow'
import { hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { literal } from '../../src/sql.ts'
import type { TestDatabase } from '../../integration_tests/helpers/database.ts'

/** Number of rows, and for each integer or text column the sum of its values or of their hashes. */
export type Sums = Readonly<Record<string, number>>

/** A column whose values are the same in every output format. */
export interface Column {
  readonly name: string
  readonly isText: boolean
}

/** Sums are computed modulo this, so that they are exact as numbers. */
const MODULUS = 2 ** 32
const HASH_BYTES = 4
const COPY_HEADER_BYTES = 19
const COPY_TRAILER = -1

/** Returns the integer and text columns of a table. */
export async function comparedColumns(database: TestDatabase, table: string): Promise<Column[]> {
  const rows = await database.sql(`
    SELECT column_name, data_type FROM information_schema.columns
    WHERE table_name = ${literal(table)} AND data_type IN ('bigint', 'integer', 'text')`)
  return rows.map(({ column_name: name, data_type: type }) => {
    return { name: name ?? '', isText: type === 'text' }
  })
}

/** Computes the sums of a table on the server. */
export async function expectedSums(
  database: TestDatabase,
  table: string,
  columns: readonly Column[],
): Promise<Sums> {
  const sums = columns.map(({ name, isText }) => {
    const hashed = `('x' || left(md5(${name}), ${2 * HASH_BYTES}))::bit(${8 * HASH_BYTES})::int8`
    return `sum(${isText ? hashed : name}) % ${MODULUS} AS ${name}`
  })
  const [row = {}] = await database.sql(
    `SELECT ${['count(*) AS rows', ...sums].join(', ')} FROM ${table}`,
  )
  return Object.fromEntries(Object.entries(row).map(([name, sum]) => [name, Number(sum)]))
}

/** Computes the sums of the JSON lines or Arrow files of a table below `directory`. */
export async function outputSums(
  directory: string,
  table: string,
  columns: readonly Column[],
): Promise<Sums> {
  const adder = new Adder(columns)
  const paths = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = paths
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  for (const file of files.filter((path) => path.slice(directory.length).includes(table))) {
    if (file.endsWith('.arrow')) await addArrow(adder, file)
    else await addJsonLines(adder, file)
  }
  return adder.sums
}

/** Counts the tuples in a file of `COPY … (FORMAT binary)`. */
export async function countTuples(path: string): Promise<number> {
  let rows = 0
  let rest: Buffer = Buffer.alloc(0)
  let start = COPY_HEADER_BYTES
  for await (const chunk of createReadStream(path)) {
    rest = Buffer.concat([rest, chunk])
    for (let end = tupleEnd(rest, start); end !== null; end = tupleEnd(rest, start)) {
      start = end
      rows++
    }
    rest = rest.subarray(start)
    start = 0
  }
  if (rest.length !== 2 || rest.readInt16BE() !== COPY_TRAILER) throw new Error('COPY data is torn')
  return rows
}

/** Returns the end of the tuple at `start`; null if it is the trailer or incomplete. */
function tupleEnd(bytes: Buffer, start: number): number | null {
  if (start + 2 > bytes.length) return null
  const fields = bytes.readInt16BE(start)
  if (fields === COPY_TRAILER) return null
  let end = start + 2
  for (let field = 0; field < fields; field++) {
    if (end + 4 > bytes.length) return null
    end += 4 + Math.max(0, bytes.readInt32BE(end))
  }
  return end <= bytes.length ? end : null
}

/** Adds rows to sums. */
class Adder {
  readonly columns: readonly Column[]
  readonly #sums: number[]
  #rows = 0

  constructor(columns: readonly Column[]) {
    this.columns = columns
    this.#sums = columns.map(() => 0)
  }

  addRow(valueAt: (index: number, name: string) => unknown): void {
    this.#rows++
    for (const [index, { name, isText }] of this.columns.entries()) {
      const value = valueAt(index, name)
      const sum = (this.#sums[index] ?? 0) + (isText ? hashOf(String(value)) : Number(value))
      this.#sums[index] = sum % MODULUS
    }
  }

  get sums(): Sums {
    const entries = this.columns.map(({ name }, index) => [name, this.#sums[index]] as const)
    return { rows: this.#rows, ...Object.fromEntries(entries) }
  }
}

function hashOf(text: string): number {
  return Number.parseInt(hash('md5', text).slice(0, 2 * HASH_BYTES), 16)
}

async function addArrow(adder: Adder, path: string): Promise<void> {
  await using handle = await open(path)
  for await (const batch of await RecordBatchReader.from(handle)) {
    const vectors = adder.columns.map(({ name }) => batch.getChild(name))
    for (let row = 0; row < batch.numRows; row++) adder.addRow((index) => vectors[index]?.get(row))
  }
}

/**
 * Adds records that are separate lines, or in an envelope of Airbyte or Singer; other messages are
 * skipped.
 */
async function addJsonLines(adder: Adder, path: string): Promise<void> {
  const file = createReadStream(path)
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  let tail = ''
  for await (const chunk of input.setEncoding('utf8')) {
    const lines = `${tail}${chunk}`.split('\n')
    tail = lines.pop() ?? ''
    for (const line of lines) addLine(adder, line)
  }
  if (tail !== '') addLine(adder, tail)
}

function addLine(adder: Adder, line: string): void {
  const message = JSON.parse(line)
  if (message.type !== undefined && message.type !== 'RECORD') return
  const row = message.record?.data ?? message.record ?? message
  adder.addRow((_, name) => row[name])
}
