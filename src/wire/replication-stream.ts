import { viewOf } from '../bytes/byte-view.ts'
import { isControlMessage } from './control-message.ts'
import type { MessageHandler } from './copy-stream.ts'
import { damaged } from './message-reader.ts'
import { type LogVisitor, PgoutputDecoder } from './pgoutput.ts'
import { HEADER_BYTES, TornMessage } from './torn-message.ts'

/** Receives the changes of a log and the keepalives between them. */
export interface ReplicationVisitor extends LogVisitor {
  /**
   * The server has read the log up to `walEnd`. Outside of a transaction, that is a position to
   * resume from. Returns whether to stop reading.
   */
  keepalive(walEnd: bigint, isReplyRequested: boolean): boolean
}

const COPY_DATA = 0x64 /* d */
const COPY_OUT_RESPONSE = 0x48 /* H */
const COPY_BOTH_RESPONSE = 0x57 /* W */
const COPY_DONE = 0x63 /* c */
const ERROR_RESPONSE = 0x45 /* E */
const READY_FOR_QUERY = 0x5a /* Z */
const XLOG_DATA = 0x77 /* w */
const KEEPALIVE = 0x6b /* k */
/**
 * Size of the header of XLogData: its type, the LSN of its content, the end of the log and the
 * time.
 */
const XLOG_HEADER_BYTES = 25
const KEEPALIVE_BYTES = 18

/**
 * Splits the bytes of a replication connection during START_REPLICATION into messages of pgoutput,
 * keepalives and other messages, in one pass over each socket chunk.
 * https://www.postgresql.org/docs/current/protocol-replication.html
 */
export class ReplicationStream {
  readonly #visitor: ReplicationVisitor
  readonly #decoder: PgoutputDecoder
  readonly #onMessage: MessageHandler
  readonly #torn = new TornMessage('replication stream')
  #phase: 'command' | 'streaming' | 'ended' = 'command'
  #isDiscarding = false

  /** @param onMessage receives every message that is not CopyData. */
  constructor(visitor: ReplicationVisitor, onMessage: MessageHandler) {
    this.#visitor = visitor
    this.#decoder = new PgoutputDecoder(visitor)
    this.#onMessage = onMessage
  }

  get isInTransaction(): boolean {
    return this.#decoder.isInTransaction
  }

  /**
   * Ignores all further data: the client has ended the stream and waits until the server ends it,
   * too.
   */
  discard(): void {
    this.#isDiscarding = true
  }

  /**
   * Reads `chunk` from `offset` to its end, to where the visitor stops, or to the end of
   * ReadyForQuery.
   * @returns the position where it stopped.
   * @throws RangeError if the bytes are not such a stream.
   */
  push(chunk: Buffer, offset: number): number {
    let at = offset
    if (!this.#torn.isEmpty) {
      at = this.#torn.extend(chunk, at)
      const message = this.#torn.take()
      if (message !== null && this.#message(message, 0, message.length)) return at
    }
    const end = chunk.length
    while (end - at >= HEADER_BYTES) {
      const next = at + this.#torn.sizeAt(chunk, at)
      if (next > end) break
      if (this.#message(chunk, at, next)) return next
      at = next
    }
    if (at < end) this.#torn.begin(chunk, at)
    return end
  }

  /** @throws RangeError if the stream ended inside a message or before its end. */
  end(): void {
    if (!this.#torn.isEmpty || this.#phase === 'streaming') throw damaged('it ended early')
  }

  /** Returns whether to stop reading after the message. */
  #message(bytes: Buffer, start: number, end: number): boolean {
    const type = bytes[start]!
    if (type === COPY_DATA) return this.#copyData(bytes, start + HEADER_BYTES, end)
    if (type === COPY_OUT_RESPONSE || !isControlMessage(bytes, start, end)) {
      throw damaged('a message that cannot be here')
    }
    this.#follow(type)
    this.#onMessage(bytes, start, end)
    return type === READY_FOR_QUERY
  }

  /** @throws RangeError if the message is not allowed at this position. */
  #follow(type: number): void {
    if (type === COPY_BOTH_RESPONSE) {
      if (this.#phase !== 'command') throw damaged('a second stream')
      this.#phase = 'streaming'
    } else if (type === COPY_DONE || type === ERROR_RESPONSE) this.#phase = 'ended'
    else if (type === READY_FOR_QUERY) this.end()
  }

  #copyData(bytes: Buffer, start: number, end: number): boolean {
    if (this.#isDiscarding) return false
    if (this.#phase !== 'streaming') throw damaged('data outside of the stream')
    const bodyBytes = end - start
    const type = bodyBytes === 0 ? 0 : bytes[start]!
    if (type === XLOG_DATA && bodyBytes > XLOG_HEADER_BYTES) {
      return this.#decoder.message(bytes, start + XLOG_HEADER_BYTES, end, start + 1)
    }
    if (type !== KEEPALIVE || bodyBytes !== KEEPALIVE_BYTES) throw damaged('an unknown frame')
    const walEnd = viewOf(bytes).getBigUint64(start + 1)
    return this.#visitor.keepalive(walEnd, bytes[start + KEEPALIVE_BYTES - 1] === 1)
  }
}
