import { type RowsTaken, rowMessageBytes } from '../wire/copy-stream.ts'
import { HEADER_BYTES } from '../wire/torn-message.ts'
import type { Accelerator, MessageBytes, SliceTaken } from './accelerator.ts'
import type { ColumnProgram, ColumnRows } from './column-program.ts'

/** Where columns go, batch by batch. */
export interface ColumnTarget {
  /** Rows of the batch so far. */
  readonly batchRows: number
  /** How many more rows, and bytes of rows, it may take at once. */
  readonly freeRows: number
  readonly freeBytes: number
  /** Appends rows to the batch. */
  append(rows: EncodedRows): void
  /** Appends a row that the module does not take. */
  tuple(bytes: Buffer, start: number, end: number): void
}

/** Rows that the module has made into columns. */
export interface EncodedRows {
  readonly rows: number
  /** Of their tuples. */
  readonly bytes: number
  readonly columns: readonly ColumnRows[]
}

/** Appends rows of messages to columns. Rows that the module hands back are taken by the target, in their order. */
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
  // A row that is handed back has cost the columns in front of it the rows behind it
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

/** Returns why it stopped. */
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
