import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Server } from '../../helpers/server.ts'

/**
 * Offsets in pg_control and in the WAL record of a checkpoint, PostgreSQL 12 to 18, little-endian.
 * https://github.com/postgres/postgres/blob/REL_18_0/src/include/catalog/pg_control.h
 * https://github.com/postgres/postgres/blob/REL_18_0/src/include/access/xlogrecord.h
 */
const CONTROL_CHECKPOINT_OFFSET = 32
const CONTROL_COPY_OFFSET = 40
const CONTROL_BYTES = 512
const RECORD_HEADER_BYTES = 24
const RECORD_CRC_OFFSET = 20
/** After the header: the mark of short data (255) and the length of the data. */
const DATA_OFFSET = RECORD_HEADER_BYTES + 2
/** In the checkpoint itself. */
const NEXT_XID_OFFSET = 24
const SHORT_DATA_MARK = 255
const WAL_SEGMENT_BYTES = 16n * 1024n * 1024n
const WAL_PAGE_BYTES = 8192n
const TIMELINE = '00000001'

/** An xid with which a page of pg_xact begins needs no file that does not exist. */
const XIDS_PER_PAGE = 32_768n

/**
 * Restarts a server so that its next transaction has the 64-bit id `nextXid`, like pg_resetwal: the
 * checkpoint of the shutdown is rewritten in the WAL and in its copy in pg_control, because it
 * depends on the version which one is used. PostgreSQL allows about two billion ids after the
 * oldest xid that is not frozen.
 */
export async function jumpToXid(server: Server, nextXid: bigint): Promise<void> {
  if (nextXid % XIDS_PER_PAGE !== 0n) throw new Error(`${nextXid} does not begin a page of pg_xact`)
  // A new segment: the record of the shutdown is in its first page
  await server.query('CHECKPOINT')
  await server.query('SELECT pg_switch_wal()')
  await server.stop('fast')
  const lsn = await rewriteControl(server, nextXid)
  await rewriteCheckpoint(server, lsn, nextXid)
  await server.restart()
  const [row] = await server.query('SELECT txid_current() AS xid')
  const reached = BigInt(row?.['xid'] ?? 0)
  // Autovacuum may have used one or two
  if (reached < nextXid || reached > nextXid + 1000n) {
    throw new Error(`The next xid is ${reached}, not ${nextXid}`)
  }
}

/**
 * Freezes all rows of all databases, so that the next jump can be longer. Drops template0, to which
 * no client can connect.
 */
export async function freezeEverything(server: Server): Promise<void> {
  await server.query(`UPDATE pg_database SET datistemplate = false WHERE datname = 'template0'`)
  await server.query('DROP DATABASE IF EXISTS template0')
  const rows = await server.query('SELECT datname FROM pg_database')
  for (const { datname } of rows) await server.query('VACUUM FREEZE', datname ?? '')
}

/**
 * Rewrites the checkpoint in pg_control; returns its position in the WAL. The checksum is the last
 * field.
 */
async function rewriteControl(server: Server, nextXid: bigint): Promise<bigint> {
  const path = join(server.dataDirectory, 'global', 'pg_control')
  const control = await readAt(path, 0, CONTROL_BYTES)
  const ends = Array.from({ length: CONTROL_BYTES / 4 }, (_, index) => index * 4)
  const end = ends.find(
    (each) => each > 0 && control.readUInt32LE(each) === finished(control, each),
  )
  if (end === undefined) throw new Error('pg_control has no valid checksum')
  control.writeBigUInt64LE(nextXid, CONTROL_COPY_OFFSET + NEXT_XID_OFFSET)
  control.writeUInt32LE(finished(control, end), end)
  await using file = await open(path, 'r+')
  await file.write(control, 0, CONTROL_BYTES, 0)
  return control.readBigUInt64LE(CONTROL_CHECKPOINT_OFFSET)
}

async function rewriteCheckpoint(server: Server, lsn: bigint, nextXid: bigint): Promise<void> {
  const segments = 0x1_0000_0000n / WAL_SEGMENT_BYTES
  const segment = lsn / WAL_SEGMENT_BYTES
  const name = [segment / segments, segment % segments].map(hex8).join('')
  const path = join(server.dataDirectory, 'pg_wal', TIMELINE + name)
  const offset = Number(lsn % WAL_SEGMENT_BYTES)
  const length = (await readAt(path, offset, 4)).readUInt32LE()
  const record = await readAt(path, offset, length)
  const isWhole = (lsn % WAL_PAGE_BYTES) + BigInt(length) <= WAL_PAGE_BYTES
  if (
    !isWhole ||
    record[RECORD_HEADER_BYTES] !== SHORT_DATA_MARK ||
    checksum(record) !== crcOf(record)
  ) {
    throw new Error('The checkpoint is not where it is expected in the WAL')
  }
  record.writeBigUInt64LE(nextXid, DATA_OFFSET + NEXT_XID_OFFSET)
  record.writeUInt32LE(checksum(record), RECORD_CRC_OFFSET)
  await using file = await open(path, 'r+')
  await file.write(record, 0, length, offset)
}

async function readAt(path: string, offset: number, length: number): Promise<Buffer> {
  await using file = await open(path, 'r')
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset)
  if (bytesRead !== length) throw new Error(`${path} ends before ${offset + length}`)
  return buffer
}

function hex8(value: bigint): string {
  return value.toString(16).toUpperCase().padStart(8, '0')
}

function crcOf(record: Buffer): number {
  return record.readUInt32LE(RECORD_CRC_OFFSET)
}

/** CRC-32C of the data, then of the header up to the checksum itself. */
function checksum(record: Buffer): number {
  const afterData = crc32c(0xffff_ffff, record.subarray(RECORD_HEADER_BYTES))
  return (crc32c(afterData, record.subarray(0, RECORD_CRC_OFFSET)) ^ 0xffff_ffff) >>> 0
}

/** CRC-32C of the first bytes. */
function finished(bytes: Buffer, end: number): number {
  return (crc32c(0xffff_ffff, bytes.subarray(0, end)) ^ 0xffff_ffff) >>> 0
}

function crc32c(start: number, bytes: Buffer): number {
  let crc = start
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0)
  }
  return crc >>> 0
}
