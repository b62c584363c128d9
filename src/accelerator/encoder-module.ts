import { readFileSync } from 'node:fs'
import type { Op } from '../types/pg-type.ts'
import type { ColumnOp } from './column-op.ts'

/** Calls the writer of a column, as `assembly/callback.ts` describes it. */
export type CallWriter = (column: number, out: number, at: number, length: number) => number

/** Instead of a position behind a value: the row is written by TypeScript. */
export const HANDED_BACK = 0

/** Why the module stopped. */
export interface Stops {
  /** At a message that is not whole, or at the end. */
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
  /** The first byte that the module does not use itself. */
  readonly free: number
  readonly stops: Stops
  /** What `callWriter` may return or add, as `assembly/callback.ts` describes it. */
  readonly lost: number
  readonly truncated: number
  /** Writes the messages of a part of the memory as lines into another part; returns why it stopped. */
  readonly encode: Encode
  /**
   * Takes rows of the messages of a part of the memory into columns in another part; returns why it stopped.
   * `assembly/columns.ts` describes it.
   */
  readonly encodeColumns: EncodeColumns
  readonly #exports: Readonly<Record<string, unknown>>
  readonly #inputAt: WebAssembly.Global
  readonly #outputAt: WebAssembly.Global
  readonly #rows: WebAssembly.Global

  /** @throws Error where WebAssembly, its SIMD instructions or the address space for its memory are missing. */
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
    this.lost = this.#global('LOST').value
    this.truncated = this.#global('TRUNCATED').value >>> 0
    this.free = this.#global('FREE').value
    this.stops = { torn: this.#global('Stop.Torn').value, full: this.#global('Stop.Full').value }
    this.#inputAt = this.#global('inputAt')
    this.#outputAt = this.#global('outputAt')
    this.#rows = this.#global('rows')
  }

  /** Where the last `encode` stopped reading. */
  get inputAt(): number {
    return this.#inputAt.value
  }

  /** Where the last `encode` stopped writing. */
  get outputAt(): number {
    return this.#outputAt.value
  }

  /** How many rows the last `encode` wrote. */
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
