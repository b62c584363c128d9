import { Socket } from 'node:net'
import pg from 'pg'
import type { AcceleratorSource } from '../../src/accelerator/accelerator-source.ts'
import { readTypes } from '../../src/introspection/types.ts'
import { ByteBuffer } from '../../src/bytes/byte-buffer.ts'
import { RecordEncoder } from '../../src/writers/records/record-encoder.ts'
import type { RecordField } from '../../src/replication/stream-plan.ts'
import { CopyStream } from '../../src/wire/copy-stream.ts'
import type { TestDatabase } from '../helpers/database.ts'
import { inTransaction } from '../types/transaction.ts'

const READY_FOR_QUERY = 0x5a /* Z */

/**
 * Bytes of a connection from the answer to a COPY up to ReadyForQuery, and the fields of its rows.
 */
export interface RecordedCopy {
  readonly bytes: Buffer
  readonly fields: readonly RecordField[]
  readonly rows: number
}

/** Output of a stream: its lines, or an error. */
export interface Outcome {
  readonly output: string
  readonly rows: number
  readonly error: Error | null
  /** Whether the stream has found ReadyForQuery. */
  readonly hasEnded: boolean
}

/**
 * Runs `COPY (SELECT … FROM table)` with the columns of `table` on a new connection and returns its
 * bytes.
 */
export async function recordCopy(
  db: TestDatabase,
  table: string,
  copies = 1,
): Promise<RecordedCopy> {
  const { selects, fields } = await inTransaction(db, async (transaction) => {
    const described = await transaction.describe(`SELECT * FROM ${table} LIMIT 0`)
    const catalog = await readTypes(
      transaction,
      described.map(({ typeOid }) => typeOid),
    )
    return {
      selects: described.map(({ name, typeOid }) => catalog.select(typeOid, `"${name}"`)),
      fields: described.map(({ name, typeOid, typmod }): RecordField => {
        return { name, type: catalog.resolve(typeOid, typmod) }
      }),
    }
  })
  const copy = `COPY (SELECT ${selects.join(', ')} FROM ${table}) TO STDOUT (FORMAT binary)`
  const bytes = await recordAnswer(db, Array.from({ length: copies }, () => copy).join('; '))
  const { rows } = encode({ bytes, fields, rows: 0 }, [bytes])
  return { bytes, fields, rows }
}

async function recordAnswer(db: TestDatabase, sql: string): Promise<Buffer> {
  const socket = new Socket()
  const client = new pg.Client({ ...db.server.connectionConfig(db.name), stream: () => socket })
  await client.connect()
  try {
    await client.query("SET TimeZone = 'UTC'; SET bytea_output = 'hex'")
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(Buffer.from(chunk)))
    await client.query(sql)
    return Buffer.concat(chunks)
  } finally {
    await client.end()
  }
}

/**
 * Pushes `chunks` through the stream and the encoder like a read; with `accelerators` like a read
 * of a large table.
 */
export function encode(
  { fields }: RecordedCopy,
  chunks: readonly Buffer[],
  accelerators: AcceleratorSource | null = null,
): Outcome {
  const out = new ByteBuffer(1024)
  const encoder = new RecordEncoder(out, { namespace: 'public', name: 't' }, fields, {
    emittedAtMs: 0,
    accelerators,
  })
  const ending = { hasEnded: false }
  const stream = new CopyStream(encoder, (bytes, start) => {
    if (bytes[start] === READY_FOR_QUERY) ending.hasEnded = true
  })
  const error = failureOf(() => {
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length && !ending.hasEnded;) at = stream.push(chunk, at)
    }
    stream.end()
  })
  const output = new TextDecoder('utf-8', { fatal: true }).decode(out.bytes.subarray(0, out.length))
  return { output, rows: encoder.rows, error, hasEnded: ending.hasEnded }
}

function failureOf(work: () => void): Error | null {
  try {
    work()
    return null
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
}
