import type { ByteBuffer } from '../bytes/byte-buffer.ts'
import { type RowsTaken, rowMessageBytes } from '../wire/copy-stream.ts'
import { HEADER_BYTES } from '../wire/torn-message.ts'
import type { Accelerator, MessageBytes, SliceTaken } from './accelerator.ts'
import type { LineProgram } from './line-program.ts'

/** Receives lines. */
export interface LineTarget {
  readonly out: ByteBuffer
  /** Text after the last value of a line. */
  tail(): Buffer
  /** Number of rows in the output. */
  rows: number
  /** Appends the line of a row that the module hands back, and counts it. */
  tuple(bytes: Buffer, start: number, end: number): void
}

/**
 * Appends the lines of messages. The target appends the rows that the module hands back, in their
 * order.
 */
export function encodeLines(
  accelerator: Accelerator,
  program: LineProgram,
  { messages, target }: { readonly messages: MessageBytes; readonly target: LineTarget },
): RowsTaken {
  const encode = (end: number): SliceTaken => encodeSlice(accelerator, program, target, end)
  return accelerator.run(program, messages, { maxBytes: Infinity, encode })
}

function encodeSlice(
  { module, input, output, outputEnd }: Accelerator,
  program: LineProgram,
  target: LineTarget,
  end: number,
): SliceTaken {
  const { memory, stops } = module
  let at = input
  let rows = 0
  for (;;) {
    const stop = module.encode(program.at, at, end, output, outputEnd)
    target.out.copy(memory, output, module.outputAt)
    const encoded = module.rows
    target.rows += encoded
    at = module.inputAt
    rows += encoded
    const isTorn = stop === stops.torn
    if (isTorn) return { rows, end: at, isTorn }
    if (stop === stops.full && encoded > 0) continue
    const size = rowMessageBytes(memory, at, end)
    if (size === 0) return { rows, end: at, isTorn }
    target.tuple(memory, at + HEADER_BYTES, at + size)
    rows++
    at += size
  }
}
