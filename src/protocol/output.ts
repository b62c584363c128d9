import { LINE_FEED } from '../bytes/ascii.ts'
import { fdatasync, fstatSync, write } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { errorCode } from '../errors.ts'
import { ByteBuffer } from '../bytes/byte-buffer.ts'
import { type Message, serializeMessage } from './messages.ts'
import { unwritable } from './unwritable.ts'

const writeFile = promisify(write)
const syncFile = promisify(fdatasync)
/** Amount of data in a buffer from which on it is written. */
const WRITE_BYTES = 256 * 1024
/** Amount of data in a buffer from which on producers wait for the write. */
const FULL_BYTES = 2 * WRITE_BYTES
/**
 * Buffers that a huge row enlarged beyond this are not kept. For bytes, the limit keeps the buffer
 * of a batch of 8 MiB.
 */
const KEPT_BYTES = { lines: 8 * WRITE_BYTES, bytes: 64 * WRITE_BYTES } as const
/**
 * Maximum length of one write. For a longer one, Linux allocates pages of 1 MiB and more for the
 * file, which the host of a virtual machine often has to provide first. That takes up to ten times
 * as much CPU time.
 */
const MAX_WRITE_BYTES = FULL_BYTES
const EAGAIN_MS = 2
/** Error codes of a pipe or a socket that the consumer has closed. */
const CLOSED: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET'])
/** Data of a slow source is written after this time, even if it is little. */
const LINGER_MS = 200

/** Unit of an output: whole lines, or any bytes. */
type OutputUnit = 'lines' | 'bytes'

/** Options of an output. */
export interface OutputOptions {
  /** Called once when a write has failed, also if no producer waits. */
  readonly onFailure: (error: unknown) => void
  /**
   * With `bytes`, no data is dropped as an incomplete line: data appended in one turn of the event
   * loop is complete.
   */
  readonly unit: OutputUnit
  /** Path, or name in messages; default: stdout. */
  readonly path: string
  /** Called with each message. */
  readonly onMessage: (message: Message) => void
  /** Text of a message without a line feed, null to omit it; default: JSON. */
  readonly serialize: (message: Message) => string | null
}

/** The consumer closed the pipe. */
export class OutputClosedError extends Error {
  constructor(cause: unknown) {
    super('the consumer closed the output', { cause })
    this.name = 'OutputClosedError'
  }
}

/**
 * The only writer to stdout. One of its two buffers is filled while the other is written
 * asynchronously, so that timers run under back-pressure. Several producers may share it: data
 * appended in one turn of the event loop stays together, so a producer appends whole lines and then
 * awaits `drain`.
 */
export class Output {
  /**
   * Receives whole lines. The storage in this object is replaced, so keep a reference to the object
   * and not to its bytes.
   */
  readonly buffer = new ByteBuffer(FULL_BYTES)
  /** Number of bytes written to the consumer. */
  writtenBytes = 0
  readonly #fd: number
  readonly #unit: OutputUnit
  readonly #path: string
  readonly #onMessage: (message: Message) => void
  readonly #onFailure: (error: unknown) => void
  readonly #serialize: (message: Message) => string | null
  #waitedMs = 0
  /** Time since when the writer waits for the consumer; null: it does not wait. */
  #waitingSinceMs: number | null = null
  #lingering: NodeJS.Timeout | null = null
  /** Number of bytes passed to the writer. */
  #startedBytes = 0
  #spare: Buffer = Buffer.allocUnsafeSlow(FULL_BYTES)
  #writing: Promise<void> | null = null
  /** Settles at the end of the current write; shared by all producers that wait for it. */
  #settling: Promise<void> | null = null
  #failure: unknown = null

  constructor(fd: number, options: Partial<OutputOptions> = {}) {
    this.#fd = fd
    this.#onFailure = options.onFailure ?? (() => undefined)
    this.#unit = options.unit ?? 'lines'
    this.#path = options.path ?? 'stdout'
    this.#onMessage = options.onMessage ?? (() => undefined)
    this.#serialize = options.serialize ?? serializeMessage
  }

  /** Total number of bytes appended. The consumer has taken the first `writtenBytes` of them. */
  get appendedBytes(): number {
    return this.#startedBytes + this.buffer.length
  }

  /** Whether a write is pending. */
  get isWriting(): boolean {
    return this.#writing !== null
  }

  /** Milliseconds spent waiting for the consumer. */
  get waitedMs(): number {
    const since = this.#waitingSinceMs
    return this.#waitedMs + (since === null ? 0 : performance.now() - since)
  }

  /** Appends a message. It is written within `LINGER_MS`, or by the next drain or flush. */
  write(message: Message): void {
    this.#onMessage(message)
    const text = this.#serialize(message)
    if (text === null) return
    this.#dropTornLine()
    this.buffer.utf8(text)
    this.buffer.byte(LINE_FEED)
    this.#linger()
  }

  /**
   * Starts writing a buffer that is full enough. Waits only while both buffers are full. Several
   * producers may wait at once.
   * @throws OutputClosedError if the consumer has closed the pipe.
   * @throws ConnectorError if the file system reports an error.
   */
  async drain(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    if (this.buffer.length < WRITE_BYTES) {
      this.#linger()
      return
    }
    // Another producer may have started the next write and filled the buffer before this one
    // resumes
    while (this.#writing !== null && this.buffer.length >= FULL_BYTES) await this.#settle()
    if (this.#writing === null && this.buffer.length >= WRITE_BYTES) this.#start()
  }

  /** Resolves when the consumer has taken everything appended so far. */
  async flush(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    this.#dropTornLine()
    const end = this.appendedBytes
    while (this.writtenBytes < end) {
      if (this.#writing === null) this.#start()
      await this.#settle()
    }
  }

  /**
   * Makes the written bytes durable if the output is a file.
   * @throws ConnectorError if the file system reports an error.
   */
  async sync(): Promise<void> {
    if (!fstatSync(this.#fd).isFile()) return
    await syncFile(this.#fd).catch((error: unknown) => {
      throw this.#unwritable(error)
    })
  }

  /** Removes the last line if its writer failed before the end of the line. */
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

  #unwritable(error: unknown): unknown {
    return unwritable(`The output cannot be written to ${this.#path}`, error)
  }

  #fail(error: unknown): void {
    const isClosed = CLOSED.has(errorCode(error) ?? '')
    this.#failure = isClosed ? new OutputClosedError(error) : this.#unwritable(error)
    this.#onFailure(this.#failure)
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
