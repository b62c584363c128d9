import { viewOf } from '../bytes/byte-view.ts'
import { isControlMessage } from './control-message.ts'
import { HEADER_BYTES, TornMessage } from './torn-message.ts'

/**
 * Receives each row of a COPY BINARY stream: `bytes[start, end)` is an int16 count, then for each
 * field int32 length and bytes.
 */
export interface TupleSink {
  /** The bytes are only valid during the call. */
  tuple(bytes: Buffer, start: number, end: number): void
  /**
   * Takes rows of the CopyData messages in `bytes[start, end)`: as many as possible at once,
   * perhaps none. `tuple` receives the remaining rows. Null: `tuple` receives all rows of this
   * chunk. Absent: it receives all rows. The bytes are only valid during the call.
   */
  takeRows?(bytes: Buffer, start: number, end: number): RowsTaken | null
}

/** Rows taken by one call of `takeRows`. */
export interface RowsTaken {
  readonly rows: number
  /** Position of the first message that was not taken. */
  readonly end: number
}

/**
 * Size of the CopyData message at `at`; 0 if it is another message, incomplete, or possibly the
 * trailer of COPY.
 */
export function rowMessageBytes(bytes: Buffer, at: number, end: number): number {
  if (end - at < HEADER_BYTES || bytes[at] !== COPY_DATA) return 0
  const length = viewOf(bytes).getUint32(at + 1)
  return length < end - at && length > TRAILER_LENGTH ? length + 1 : 0
}

/** Receives every message that is not COPY data, type byte included; valid only during the call. */
export type MessageHandler = (bytes: Buffer, start: number, end: number) => void

/** Type of the message that contains a row. */
export const COPY_DATA = 0x64 /* d */
const COPY_OUT_RESPONSE = 0x48 /* H */
const COPY_BOTH_RESPONSE = 0x57 /* W */
const COMMAND_COMPLETE = 0x43 /* C */
const ERROR_RESPONSE = 0x45 /* E */
const READY_FOR_QUERY = 0x5a /* Z */
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')
const COPY_HEADER_BYTES = 19
/** First bit of the critical flags of the header. A reader must support these flags. */
const CRITICAL_FLAG_BIT = 16
const TRAILER_BYTES = 2
/** Message length of a trailer, and of a row without fields. */
const TRAILER_LENGTH = 6
const TRAILER = -1

/**
 * Splits the bytes of a connection during `COPY … TO STDOUT (FORMAT binary)` into tuples and other
 * messages, in one pass over each socket chunk. Several COPY statements may follow each other.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export class CopyStream {
  readonly #sink: TupleSink
  readonly #onMessage: MessageHandler
  /** Position in the current COPY: before its header, between its tuples, or after its trailer. */
  #position: 'header' | 'tuples' | 'trailer' = 'trailer'
  /** Number of tuples in the current COPY, compared with the count in CommandComplete. */
  #tuples = 0
  readonly #torn = new TornMessage('COPY stream')
  /** Whether the sink may take several rows of the current chunk at once. */
  #isBulk = false

  constructor(sink: TupleSink, onMessage: MessageHandler) {
    this.#sink = sink
    this.#onMessage = onMessage
  }

  /**
   * Reads `chunk` from `offset` to its end, or to the end of a statement or of all statements
   * (ReadyForQuery).
   * @returns the position where it stopped.
   * @throws RangeError if the bytes are not such a stream.
   */
  push(chunk: Buffer, offset: number): number {
    let at = offset
    if (!this.#torn.isEmpty) {
      at = this.#torn.extend(chunk, at)
      const message = this.#torn.take()
      if (message !== null && this.#tornMessage(message)) return at
    }
    const end = chunk.length
    this.#isBulk = this.#sink.takeRows !== undefined
    for (;;) {
      if (this.#isBulk && this.#position === 'tuples') at = this.#takeRows(chunk, at)
      if (end - at < HEADER_BYTES) break
      const next = at + this.#torn.sizeAt(chunk, at)
      if (next > end) break
      if (this.#message(chunk, at, next)) return next
      at = next
    }
    if (at < end) this.#torn.begin(chunk, at)
    return end
  }

  /** @throws RangeError if the stream ended inside a message or a COPY. */
  end(): void {
    if (!this.#torn.isEmpty || this.#position !== 'trailer') {
      throw new RangeError('damaged COPY stream: it ended early')
    }
  }

  /** Returns whether the message ended a statement, or all of them. */
  #tornMessage(message: Buffer): boolean {
    const isRow = this.#position === 'tuples' && message[0] === COPY_DATA
    if (isRow && this.#takeRows(message, 0) === message.length) return false
    return this.#message(message, 0, message.length)
  }

  #takeRows(chunk: Buffer, at: number): number {
    const taken = this.#sink.takeRows?.(chunk, at, chunk.length) ?? null
    if (taken === null) {
      this.#isBulk = false
      return at
    }
    this.#tuples += taken.rows
    return taken.end
  }

  /** Returns whether the message ended a statement, or all of them. */
  #message(bytes: Buffer, start: number, end: number): boolean {
    const type = bytes[start]!
    if (type === COPY_DATA) {
      this.#copyData(bytes, start + HEADER_BYTES, end)
      return false
    }
    if (type === COPY_BOTH_RESPONSE || !isControlMessage(bytes, start, end)) {
      throw new RangeError('damaged COPY stream: a message that cannot be here')
    }
    this.#follow(type, bytes, start, end)
    this.#onMessage(bytes, start, end)
    return type === COMMAND_COMPLETE || type === READY_FOR_QUERY
  }

  /** @throws RangeError if the message is not allowed at this position. */
  #follow(type: number, bytes: Buffer, start: number, end: number): void {
    if (type === ERROR_RESPONSE) this.#position = 'trailer'
    if (type !== COPY_OUT_RESPONSE && type !== COMMAND_COMPLETE && type !== READY_FOR_QUERY) return
    this.end()
    if (type === COPY_OUT_RESPONSE) {
      this.#position = 'header'
      this.#tuples = 0
    } else if (type === COMMAND_COMPLETE) {
      const tag = bytes.toString('latin1', start + HEADER_BYTES, end - 1)
      if (tag === `COPY ${this.#tuples}`) return
      throw new RangeError('damaged COPY stream: it does not have as many rows as the server sent')
    }
  }

  #copyData(bytes: Buffer, start: number, end: number): void {
    let at = start
    if (this.#position !== 'tuples') {
      at = this.#copyHeader(bytes, start, end)
      if (at === end) return
    }
    if (end - at < TRAILER_BYTES) throw new RangeError('damaged COPY stream: a row is cut')
    if (end - at === TRAILER_BYTES && bytes.readInt16BE(at) === TRAILER) {
      this.#position = 'trailer'
      return
    }
    this.#tuples++
    this.#sink.tuple(bytes, at, end)
  }

  #copyHeader(bytes: Buffer, start: number, end: number): number {
    const isHeader =
      this.#position === 'header' &&
      end - start >= COPY_HEADER_BYTES &&
      bytes.compare(SIGNATURE, 0, SIGNATURE.length, start, start + SIGNATURE.length) === 0
    if (!isHeader) throw new RangeError('damaged COPY stream: data where its header should be')
    this.#position = 'tuples'
    const flags = bytes.readUInt32BE(start + SIGNATURE.length)
    if (flags >>> CRITICAL_FLAG_BIT !== 0) {
      throw new RangeError('damaged COPY stream: its header announces a format that is not known')
    }
    const extensionBytes = bytes.readUInt32BE(start + COPY_HEADER_BYTES - 4)
    const at = start + COPY_HEADER_BYTES + extensionBytes
    if (at > end) throw new RangeError('damaged COPY stream: its header is cut')
    return at
  }
}
