import { LINE_FEED } from '../bytes/ascii.ts'
import { write } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { errorCode } from '../errors.ts'
import { ByteBuffer } from '../bytes/byte-buffer.ts'
import { type Message, serializeMessage } from './messages.ts'

const writeFile = promisify(write)
/** A buffer with at least this much in it is handed to the writer. */
const WRITE_BYTES = 256 * 1024
/** A buffer with this much in it waits for the writer. */
const FULL_BYTES = 2 * WRITE_BYTES
/** Buffers that one huge row blew up beyond this are not kept; of bytes, those of a batch of 64 MiB are. */
const KEPT_BYTES = { lines: 8 * WRITE_BYTES, bytes: 256 * WRITE_BYTES } as const
/** `fs.write` takes its length as an int32; a line may be longer. */
const MAX_WRITE_BYTES = 2 ** 30
const EAGAIN_MS = 2
/** What a slow source has given goes out after this long, however little it is. */
const LINGER_MS = 200

/** What an output is made of. */
export type OutputUnit = 'lines' | 'bytes'

/** The consumer closed the pipe: nobody reads any more. */
export class OutputClosedError extends Error {
  constructor(cause: unknown) {
    super('the consumer closed the output', { cause })
    this.name = 'OutputClosedError'
  }
}

/**
 * The one writer to stdout. Two buffers: one is being filled, the other is being written, asynchronously, so that timers
 * run under back-pressure. Several producers may share it: what one of them appends in one turn of the event loop stays
 * together, so each appends whole lines and then awaits `drain`.
 */
export class Output {
  /** Takes whole lines. Replaced storage under the same object, so keep the object, not its bytes. */
  readonly buffer = new ByteBuffer(FULL_BYTES)
  /** Bytes that the consumer has taken. */
  writtenBytes = 0
  readonly #fd: number
  readonly #unit: OutputUnit
  readonly #onClosed: (error: OutputClosedError) => void
  #waitedMs = 0
  /** Since when the consumer is waited for; null: it is not. */
  #waitingSinceMs: number | null = null
  #lingering: NodeJS.Timeout | null = null
  /** Bytes that were handed to the writer. */
  #startedBytes = 0
  #spare: Buffer = Buffer.allocUnsafeSlow(FULL_BYTES)
  #writing: Promise<void> | null = null
  /** The end of the current write, shared by all that wait for it. */
  #settling: Promise<void> | null = null
  #failure: unknown = null

  /**
   * @param onClosed called once when the consumer is found to be gone, also while nobody waits for it.
   * @param unit of bytes nothing is dropped as a torn line; what is appended in one turn of the event loop is whole.
   */
  constructor(
    fd: number,
    onClosed: (error: OutputClosedError) => void = () => undefined,
    unit: OutputUnit = 'lines',
  ) {
    this.#fd = fd
    this.#onClosed = onClosed
    this.#unit = unit
  }

  /** Bytes of everything so far; the consumer has taken the first `writtenBytes` of them. */
  get appendedBytes(): number {
    return this.#startedBytes + this.buffer.length
  }

  /** Whether a write has not returned yet. */
  get isWriting(): boolean {
    return this.#writing !== null
  }

  /** Milliseconds spent waiting for the consumer. */
  get waitedMs(): number {
    const since = this.#waitingSinceMs
    return this.#waitedMs + (since === null ? 0 : performance.now() - since)
  }

  /** Appends a message. It goes out soon, or with the next drain or flush. */
  write(message: Message): void {
    this.#dropTornLine()
    this.buffer.utf8(serializeMessage(message))
    this.buffer.byte(LINE_FEED)
    this.#linger()
  }

  /**
   * Hands a well-filled buffer to the writer; waits only while both buffers are full. Several producers may wait at once.
   * @throws OutputClosedError if the consumer is gone.
   */
  async drain(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    if (this.buffer.length < WRITE_BYTES) {
      this.#linger()
      return
    }
    // Another producer may have started the next write, and filled the buffer again, before this one resumes
    while (this.#writing !== null && this.buffer.length >= FULL_BYTES) await this.#settle()
    if (this.#writing === null && this.buffer.length >= WRITE_BYTES) this.#start()
  }

  /** Resolves when everything appended so far has been taken by the consumer. */
  async flush(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    this.#dropTornLine()
    const end = this.appendedBytes
    while (this.writtenBytes < end) {
      if (this.#writing === null) this.#start()
      await this.#settle()
    }
  }

  /** Who was to finish the last line has failed half-way: it is not part of the output. */
  #dropTornLine(): void {
    const { bytes, length } = this.buffer
    if (this.#unit === 'bytes' || length === 0 || bytes[length - 1] === LINE_FEED) return
    this.buffer.length = bytes.subarray(0, length).lastIndexOf(LINE_FEED) + 1
  }

  #linger(): void {
    if (this.#lingering !== null || this.buffer.length === 0) return
    this.#lingering = setTimeout(() => {
      this.#lingering = null
      const { bytes, length } = this.buffer
      const isWhole = length > 0 && (this.#unit === 'bytes' || bytes[length - 1] === LINE_FEED)
      if (isWhole && this.#writing === null && this.#failure === null) this.#start()
    }, LINGER_MS).unref()
  }

  async #settle(): Promise<void> {
    await (this.#settling ??= this.#wait())
    if (this.#failure !== null) throw this.#failure
  }

  async #wait(): Promise<void> {
    this.#waitingSinceMs = performance.now()
    await this.#writing
    this.#waitedMs = this.waitedMs
    this.#waitingSinceMs = null
    this.#settling = null
  }

  #start(): void {
    if (this.#writing !== null) throw new Error('the output is being written already')
    const bytes = this.buffer.bytes
    const length = this.buffer.length
    this.#startedBytes += length
    this.buffer.replaceStorage(this.#spare)
    this.#writing = this.#writeAll(bytes, length)
      .catch((error: unknown) => {
        this.#fail(error)
      })
      .finally(() => {
        this.#spare =
          bytes.length > KEPT_BYTES[this.#unit] ? Buffer.allocUnsafeSlow(FULL_BYTES) : bytes
        this.#writing = null
      })
  }

  #fail(error: unknown): void {
    this.#failure = errorCode(error) === 'EPIPE' ? new OutputClosedError(error) : error
    if (this.#failure instanceof OutputClosedError) this.#onClosed(this.#failure)
  }

  async #writeAll(bytes: Buffer, length: number): Promise<void> {
    for (let at = 0; at < length;) {
      try {
        const count = Math.min(length - at, MAX_WRITE_BYTES)
        const { bytesWritten } = await writeFile(this.#fd, bytes, at, count, null)
        at += bytesWritten
        this.writtenBytes += bytesWritten
      } catch (error) {
        if (errorCode(error) !== 'EAGAIN') throw error
        await sleep(EAGAIN_MS)
      }
    }
  }
}
