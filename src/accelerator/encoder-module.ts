import { readFileSync } from 'node:fs'
import type { Op } from '../types/pg-type.ts'
import type { ColumnOp } from './column-op.ts'

/** Calls the writer of a column; see `assembly/callback.ts`. */
export type CallWriter = (column: number, out: number, at: number, length: number) => number

/** Returned in place of the position after a value: TypeScript writes the row. */
export const HANDED_BACK = 0

/** Reasons for which the module stopped. */
export interface Stops {
  /** An incomplete message, or the end. */
  readonly torn: number
  /** The output has no room for the next row. */
  readonly full: number
}

type Encode = (program: number, at: number, end: number, out: number, outEnd: number) => number
type EncodeColumns = (...call: [...Parameters<Encode>, maxRows: number, firstBit: number]) => number

/** An instance of the WebAssembly module of `assembly/encoder.ts`. Its memory has a fixed size. */
export class EncoderModule {
  /** All of its memory. */
  readonly memory: Buffer
  /** Position of the first byte that the module does not use itself. */
  readonly free: number
  readonly stops: Stops
  /** Values that `callWriter` may return or add; see `assembly/callback.ts`. */
  readonly unrepresentable: number
  readonly truncated: number
  /**
   * Writes the messages in a part of the memory as lines into another part; returns the reason for
   * stopping.
   */
  readonly encode: Encode
  /**
   * Encodes the messages in a part of the memory as columns in another part; returns the reason for
   * stopping. See `assembly/columns.ts`.
   */
  readonly encodeColumns: EncodeColumns
  readonly #exports: Readonly<Record<string, unknown>>
  readonly #inputAt: WebAssembly.Global
  readonly #outputAt: WebAssembly.Global
  readonly #rows: WebAssembly.Global

  /**
   * @throws Error if WebAssembly, its SIMD instructions or the address space for its memory are not
   * available.
   */
  constructor(callWriter: CallWriter) {
    const code = readFileSync(new URL('encoder.wasm', import.meta.url))
    const module = new WebAssembly.Module(code)
    this.#exports = new WebAssembly.Instance(module, { callback: { callWriter } }).exports
    const { memory, encode, encodeColumns } = this.#exports
    if (!(memory instanceof WebAssembly.Memory)) throw incomplete('memory')
    if (!isEncode(encode)) throw incomplete('encode')
    if (!isEncodeColumns(encodeColumns)) throw incomplete('encodeColumns')
    this.memory = Buffer.from(memory.buffer)
    this.encode = encode
    this.encodeColumns = encodeColumns
    this.unrepresentable = this.#global('UNREPRESENTABLE').value
    this.truncated = this.#global('TRUNCATED').value >>> 0
    this.free = this.#global('FREE').value
    this.stops = { torn: this.#global('Stop.Torn').value, full: this.#global('Stop.Full').value }
    this.#inputAt = this.#global('inputAt')
    this.#outputAt = this.#global('outputAt')
    this.#rows = this.#global('rows')
  }

  /** Position where the last `encode` stopped reading. */
  get inputAt(): number {
    return this.#inputAt.value
  }

  /** Position where the last `encode` stopped writing. */
  get outputAt(): number {
    return this.#outputAt.value
  }

  /** Number of rows that the last `encode` wrote. */
  get rows(): number {
    return this.#rows.value
  }

  /** The number of an op. */
  codeOf(op: Op): number {
    return this.#global(`Op.${op}`).value
  }

  /** The number of an op of a column. */
  columnCodeOf(op: ColumnOp): number {
    return this.#global(`ColumnOp.${op}`).value
  }

  #global(name: string): WebAssembly.Global {
    const value = this.#exports[name]
    if (value instanceof WebAssembly.Global) return value
    throw incomplete(name)
  }
}

function isEncode(value: unknown): value is EncoderModule['encode'] {
  return typeof value === 'function'
}

function isEncodeColumns(value: unknown): value is EncoderModule['encodeColumns'] {
  return typeof value === 'function'
}

function incomplete(name: string): Error {
  return new Error(`encoder.wasm does not export ${name}`)
}
