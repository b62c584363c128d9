const LATIN1_MAX_LENGTH = 24

/** Bytes that grow: what every writer of output writes to. `length` counts the bytes in use. */
export class ByteBuffer {
  bytes: Buffer
  length = 0

  constructor(capacityBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacityBytes)
  }

  /** Makes room for `count` more bytes. Call it before writing to `bytes` directly. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.#grow(count)
  }

  /** Appends a byte. */
  byte(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  /** Appends `bytes[start, end)`. */
  copy(bytes: Uint8Array, start: number, end: number): void {
    const count = end - start
    this.reserve(count)
    if (count <= 32) {
      const target = this.bytes
      let at = this.length
      for (let i = start; i < end; i++) target[at++] = bytes[i]!
    } else {
      this.bytes.set(bytes.subarray(start, end), this.length)
    }
    this.length += count
  }

  /** Appends a string of characters up to U+00FF, a byte each. */
  latin1(text: string): void {
    this.reserve(text.length)
    if (text.length > LATIN1_MAX_LENGTH) {
      this.length += this.bytes.write(text, this.length, 'latin1')
      return
    }
    for (let i = 0; i < text.length; i++) this.bytes[this.length++] = text.charCodeAt(i)
  }

  /** Appends a string as UTF-8. */
  utf8(text: string): void {
    this.reserve(text.length * 3)
    this.length += this.bytes.write(text, this.length, 'utf8')
  }

  #grow(count: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + count))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }
}
