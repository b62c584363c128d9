import { QUOTE } from '../../../bytes/ascii.ts'
import { type Data, makeData, Utf8 } from 'apache-arrow'
import { ByteBuffer } from '../../../bytes/byte-buffer.ts'
import {
  putUuid,
  UUID_BYTES,
  UUID_CHARACTERS,
  writeJsonb,
  writeUuid,
} from '../../../types/bytes.ts'
import { expectBytes } from '../../../types/numbers.ts'
import { NULLED, TRUNCATED, type ValueWriter } from '../../../types/pg-type.ts'
import { writeString } from '../../../types/text.ts'
import { appendText } from './append-text.ts'
import { type ArrowColumn, Validity } from './arrow-column.ts'
import { unescapeJson } from './unescape-json.ts'
import { viewOf } from '../../../bytes/byte-view.ts'

const FIRST_BYTES = 4096
/** A buffer that huge values blew up beyond this is not kept. */
const KEPT_BYTES = 16 * 2 ** 20
const MAX_OFFSET = 2 ** 31 - 1

/** A column of text: what the record has as its string, or the JSON of anything that is no string there. */
export class Utf8Column implements ArrowColumn {
  readonly type = new Utf8()
  lost = 0
  readonly #write: ValueWriter
  readonly #validity = new Validity()
  readonly #json = new ByteBuffer(FIRST_BYTES)
  readonly #text = new ByteBuffer(FIRST_BYTES)
  #offsets = new Int32Array(1)

  constructor(write: ValueWriter) {
    this.#write = write
  }

  grow(rows: number): void {
    const grown = new Int32Array(rows + 1)
    grown.set(this.#offsets)
    this.#offsets = grown
    this.#validity.grow(rows)
  }

  append(row: number, bytes: Buffer, start: number, end: number): void {
    this.appendAs(row, this.#write, bytes, start, end)
  }

  /** Appends a value in the form that `write` reads. */
  appendAs(row: number, write: ValueWriter, bytes: Buffer, start: number, end: number): void {
    if (write === writeString || write === writeJsonb) {
      const textStart = write === writeJsonb ? start + 1 : start
      if (!appendText(this.#text, bytes, textStart, end)) this.lost++
    } else if (write === writeUuid) this.#appendUuid(bytes, start, end)
    else this.#appendWritten(row, write, bytes, start, end)
    const { length } = this.#text
    if (length > MAX_OFFSET) throw new RangeError('a batch of text is beyond the 2 GB of Arrow')
    this.#offsets[row + 1] = length
  }

  appendNull(row: number): void {
    this.#validity.setNull(row)
    this.#offsets[row + 1] = this.#text.length
  }

  lose(row: number): void {
    this.lost++
    this.appendNull(row)
  }

  forget(row: number): void {
    this.#validity.forget(row)
    this.#text.length = this.#offsets[row]!
  }

  take(rows: number): Data {
    const { nullCount, nullBitmap } = this.#validity.take(rows)
    const data = this.#text.bytes.subarray(0, this.#text.length)
    this.#text.reset(KEPT_BYTES)
    const valueOffsets = this.#offsets.subarray(0, rows + 1)
    return makeData({ type: this.type, length: rows, nullCount, nullBitmap, valueOffsets, data })
  }

  #appendUuid(bytes: Buffer, start: number, end: number): void {
    expectBytes(end - start, UUID_BYTES)
    const text = this.#text
    text.reserve(UUID_CHARACTERS)
    putUuid(text.view, text.length, viewOf(bytes), start)
    text.length += UUID_CHARACTERS
  }

  #appendWritten(row: number, write: ValueWriter, bytes: Buffer, start: number, end: number): void {
    const json = this.#json
    json.reset()
    const outcome = write(json, bytes, start, end)
    if (outcome === NULLED) this.#validity.setNull(row)
    else if (json.bytes[0] === QUOTE) unescapeJson(this.#text, json.bytes, 1, json.length - 1)
    else this.#text.copy(json.bytes, 0, json.length)
    if (outcome === NULLED || outcome === TRUNCATED) this.lost++
  }
}
