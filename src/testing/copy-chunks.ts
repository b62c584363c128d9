import type { BinaryValues } from './binary-values.ts'
import { message, tuple } from './bytes.ts'
import type { Random } from './random.ts'

const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')

/** Builds a COPY of `rows`, split into chunks of `sizes` bytes; the last size is repeated. */
export function chunksOf(rows: readonly Buffer[], sizes: () => number): Buffer[] {
  const stream = Buffer.concat([
    message('H', Buffer.from([1, 0, 0])),
    message('d', Buffer.concat([HEADER, rows[0]!])),
    ...rows.slice(1).map((row) => message('d', row)),
    message('d', Buffer.from([0xff, 0xff])),
    message('c'),
    message('C', `COPY ${rows.length}\0`),
    message('Z', 'I'),
  ])
  const chunks: Buffer[] = []
  for (let at = 0; at < stream.length;) {
    const size = sizes()
    chunks.push(Buffer.from(stream.subarray(at, at + size)))
    at += size
  }
  return chunks
}

/** Builds tuples with values of the columns, and NULLs. */
export function rowsOf(
  random: Random,
  columns: readonly Pick<BinaryValues, 'make'>[],
  count: number,
): Buffer[] {
  return Array.from({ length: count }, () =>
    tuple(...columns.map(({ make }) => (random.oneIn(8) ? null : make(random)))),
  )
}
