import type { TestDatabase } from '../integration_tests/helpers/database.ts'
import { grouped, printLines } from '../integration_tests/helpers/report.ts'

/** Settings of the server with the tables. */
export const SETTINGS = {
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  autovacuum: 'off',
  // No WAL for CREATE TABLE AS, which makes filling the tables much faster
  wal_level: 'minimal',
  max_wal_senders: '0',
}

/**
 * A table of the benchmark: its columns in order, each with an expression of the row number `n`.
 */
export interface BenchTable {
  readonly name: string
  /** Rows per row of the scale, which is the number of rows of `bench_mixed`. */
  readonly share: number
  readonly columns: Readonly<Record<string, string>>
}

/** Twelve types in the proportions of a business table. */
export const MIXED: BenchTable = {
  name: 'bench_mixed',
  share: 1,
  columns: {
    id: 'n',
    quantity: '(n * 7919 % 1000003)::int4',
    code: "'SKU-' || (n % 100000)",
    price: '((n * 104729 % 10000000)::numeric / 100)::numeric(12,2)',
    is_active: 'n % 3 <> 0',
    created_at: "timestamptz '2020-01-01 00:00:00Z' + n * interval '37.123457 seconds'",
    local_time: "timestamp '2021-06-01 12:00:00' + n * interval '11.000001 seconds'",
    day: "date '2010-01-01' + (n % 5000)::int4",
    token: 'md5(n::text)::uuid',
    ratio: 'sqrt(n)',
    note: "rpad('Order ' || n || ' left the warehouse and is on its way to you', 70, '.')",
    details: "jsonb_build_object('colour', 'blue', 'size', n % 50, 'gift', n % 2 = 0, 'rank', n)",
  },
}

/** Long texts: many bytes in few rows. */
export const WIDE: BenchTable = {
  name: 'bench_wide',
  share: 0.4,
  columns: Object.fromEntries(
    ['title', 'summary', 'body', 'remarks'].map((column, index) => [
      column,
      `repeat('The quick brown fox no. ' || (n + ${index}) || ' jumps. ', 14)`,
    ]),
  ),
}

/** Three integers: many rows with few bytes. */
export const NARROW: BenchTable = {
  name: 'bench_narrow',
  share: 6,
  columns: { id: 'n', parent: '(n / 10)::int4', amount: '(n * 31 % 1000)::int4' },
}

/** Creates `table` with `rows` rows and prepares it for reading. */
export async function fillTable(
  database: TestDatabase,
  table: BenchTable,
  rows: number,
): Promise<void> {
  printLines(`Filling ${table.name} with ${grouped(rows)} rows …`)
  await database.sql(createTable(table, rows))
  // Sets the hint bits, so that the first reader does not have to write them
  await database.sql(`VACUUM (FREEZE) ${table.name}`)
}

/** Builds the statement that creates `table` with `rows` rows under the name `name`. */
export function createTable({ name, columns }: BenchTable, rows: number): string {
  const list = Object.entries(columns).map(([column, expression]) => `${expression} AS ${column}`)
  const source = `generate_series(1::int8, ${rows}) AS n`
  return `CREATE TABLE ${name} AS SELECT ${list.join(', ')} FROM ${source}; ANALYZE ${name}`
}

/**
 * Builds the connector's SELECT of a table: plain columns, because all these types have a binary
 * form.
 */
export function selectColumns({ name, columns }: BenchTable): string {
  return `SELECT ${Object.keys(columns).join(', ')} FROM ${name}`
}
