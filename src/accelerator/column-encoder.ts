import { type RowsTaken, rowMessageBytes } from '../wire/copy-stream.ts'
import { HEADER_BYTES } from '../wire/torn-message.ts'
import type { Accelerator, MessageBytes, SliceTaken } from './accelerator.ts'
import type { ColumnProgram, ColumnRows } from './column-program.ts'

/** Receives columns, batch by batch. */
export interface ColumnTarget {
  /** Number of rows in the current batch. */
  readonly batchRows: number
  /** Number of rows, and bytes of rows, that the batch can still take. */
  readonly freeRows: number
  readonly freeBytes: number
  /** Appends rows to the batch. */
  append(rows: EncodedRows): void
  /** Appends a row that the module hands back. */
  tuple(bytes: Buffer, start: number, end: number): void
}

/** Rows encoded as columns by the module. */
export interface EncodedRows {
  readonly rows: number
  /** Size of their tuples. */
  readonly bytes: number
  readonly columns: readonly ColumnRows[]
}

/**
 * Appends rows of messages to columns. The target appends the rows that the module hands back, in
 * their order.
 */
export function encodeColumns(
  accelerator: Accelerator,
  program: ColumnProgram,
  { messages, target }: { readonly messages: MessageBytes; readonly target: ColumnTarget },
): RowsTaken {
  return accelerator.run(program, messages, {
    get maxBytes() {
      return target.freeBytes
    },
    encode: (end) => encodeSlice(accelerator, program, target, end),
  })
}

function encodeSlice(
  accelerator: Accelerator,
  program: ColumnProgram,
  target: ColumnTarget,
  end: number,
): SliceTaken {
  const { module, input } = accelerator
  const { memory, stops } = module
  let at = input
  let rows = 0
  // The columns before the one that handed a row back were already filled with later rows
  let maxRows = Infinity
  for (;;) {
    const limit = Math.min(maxRows, target.freeRows)
    const stop = encodeRows(accelerator, program, target, { at, end, limit })
    const encoded = program.rows
    at = program.inputAt
    rows += encoded
    maxRows *= 2
    if (encoded === limit || (stop === stops.full && encoded > 0)) continue
    const isTorn = stop === stops.torn
    if (isTorn) return { rows, end: at, isTorn }
    const size = rowMessageBytes(memory, at, end)
    if (size === 0) return { rows, end: at, isTorn }
    target.tuple(memory, at + HEADER_BYTES, at + size)
    rows++
    at += size
    maxRows = 1
  }
}

/** Returns the reason for stopping. */
function encodeRows(
  { module, output, outputEnd }: Accelerator,
  program: ColumnProgram,
  target: ColumnTarget,
  { at, end, limit }: { readonly at: number; readonly end: number; readonly limit: number },
): number {
  program.prepare()
  const firstBit = target.batchRows % 8
  const stop = module.encodeColumns(program.at, at, end, output, outputEnd, limit, firstBit)
  const { rows } = program
  const bytes = program.inputAt - at - HEADER_BYTES * rows
  if (rows > 0) target.append({ rows, bytes, columns: program.columns() })
  return stop
}
