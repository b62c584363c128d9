import type { ColumnData } from './columns/arrow-column.ts'

/**
 * Rows of a stream, in the columns of its schema. Its bytes are only valid until the next rows are
 * appended.
 */
export interface Batch {
  readonly rows: number
  readonly columns: readonly ColumnData[]
}

/** Alignment of the buffers in the body of a message. */
const ALIGNMENT_BYTES = 8
const INT64_BYTES = 8
/** Size of a FieldNode and of a Buffer: two int64. */
const STRUCT_BYTES = 2 * INT64_BYTES
/*
 * Layout of a RecordBatch message as a flatbuffer. A table starts with the distance to its
 * vtable, which has the sizes of both and the positions of the fields. Fields refer to tables and
 * vectors by their distance.
 * https://github.com/apache/arrow/blob/main/format/Message.fbs
 */
const ROOT_AT = 0
const MESSAGE_VTABLE_AT = 4
const MESSAGE_AT = 16
const BATCH_VTABLE_AT = 36
const BATCH_AT = 48
const NODES_AT = 68
const NODES_FIELD_AT = BATCH_AT + 4
const ROWS_FIELD_AT = BATCH_AT + 8
const BUFFERS_FIELD_AT = BATCH_AT + 16
/** Size without the nodes and buffers, whose elements are at multiples of 8. */
const MESSAGE_BYTES = 80
/** Vtable with version V5 and the header type RecordBatch. */
const MESSAGE_VTABLE = [12, 20, 4, 6, 16, 8]
const BATCH_VTABLE = [10, 20, 8, 4, 16]
const VERSION = 4
const RECORD_BATCH = 3

/** Builds the metadata of a batch: the flatbuffer of its message. */
export function batchMessage({ rows, columns }: Batch): Uint8Array {
  const buffers = columns.flatMap((column) => column.buffers)
  const buffersAt = NODES_AT + 8 + STRUCT_BYTES * columns.length
  const bytes = new Uint8Array(MESSAGE_BYTES + STRUCT_BYTES * (columns.length + buffers.length))
  const view = new DataView(bytes.buffer)
  putHeader(view, rows)
  const putInt64 = (at: number, value: number): void => view.setBigInt64(at, BigInt(value), true)
  view.setUint32(NODES_FIELD_AT, NODES_AT - NODES_FIELD_AT, true)
  view.setUint32(NODES_AT, columns.length, true)
  columns.forEach(({ nullCount }, index) => {
    const at = NODES_AT + 4 + STRUCT_BYTES * index
    putInt64(at, rows)
    putInt64(at + INT64_BYTES, nullCount)
  })
  view.setUint32(BUFFERS_FIELD_AT, buffersAt - BUFFERS_FIELD_AT, true)
  view.setUint32(buffersAt, buffers.length, true)
  let position = 0
  buffers.forEach(({ length }, index) => {
    const at = buffersAt + 4 + STRUCT_BYTES * index
    putInt64(at, position)
    putInt64(at + INT64_BYTES, length)
    position += length + paddingOf(length)
  })
  putInt64(MESSAGE_AT + 8, position)
  return bytes
}

/** Number of padding zeros after this many bytes. */
export function paddingOf(length: number): number {
  return -length & (ALIGNMENT_BYTES - 1)
}

function putHeader(view: DataView, rows: number): void {
  view.setUint32(ROOT_AT, MESSAGE_AT, true)
  MESSAGE_VTABLE.forEach((value, i) => view.setUint16(MESSAGE_VTABLE_AT + 2 * i, value, true))
  view.setInt32(MESSAGE_AT, MESSAGE_AT - MESSAGE_VTABLE_AT, true)
  view.setInt16(MESSAGE_AT + 4, VERSION, true)
  view.setUint8(MESSAGE_AT + 6, RECORD_BATCH)
  view.setUint32(MESSAGE_AT + 16, BATCH_AT - (MESSAGE_AT + 16), true)
  BATCH_VTABLE.forEach((value, i) => view.setUint16(BATCH_VTABLE_AT + 2 * i, value, true))
  view.setInt32(BATCH_AT, BATCH_AT - BATCH_VTABLE_AT, true)
  view.setBigInt64(ROWS_FIELD_AT, BigInt(rows), true)
}
