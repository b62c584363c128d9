import { viewOf } from '../bytes/byte-view.ts'

/** Error for bytes that no server sends. */
export function damaged(what: string): RangeError {
  return new RangeError(`damaged replication stream: ${what}`)
}

/**
 * Reads the fields of one message in order. Each method throws a RangeError beyond the end of the
 * message.
 */
export class MessageReader {
  #bytes: Buffer = Buffer.alloc(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #at = 0
  #end = 0

  /** Restarts with `bytes[start, end)`. */
  over(bytes: Buffer, start: number, end: number): this {
    this.#bytes = bytes
    this.#view = viewOf(bytes)
    this.#at = start
    this.#end = end
    return this
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2))
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4))
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#advance(8))
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#advance(8))
  }

  /** A zero-terminated string. */
  string(): string {
    const zero = this.#bytes.subarray(this.#at, this.#end).indexOf(0)
    if (zero < 0) throw damaged('a message is cut')
    const start = this.#advance(zero + 1)
    return this.#bytes.toString('utf8', start, start + zero)
  }

  /** Reads an int32 length and as many bytes. They are only valid as long as the message. */
  sized(): Buffer {
    const length = this.uint32()
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** @throws RangeError if there are bytes after the last field. */
  end(): void {
    if (this.#at !== this.#end) throw damaged('a message is too long')
  }

  #advance(count: number): number {
    const at = this.#at
    if (count > this.#end - at) throw damaged('a message is cut')
    this.#at = at + count
    return at
  }
}
