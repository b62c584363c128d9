import type { ByteBuffer } from '../../bytes/byte-buffer.ts'

const WORD_BYTES = 8
const NO_WORDS = new Float64Array(0)

/** Bytes that every row repeats, as words of eight bytes; the last word is padded. */
export interface Constant {
  readonly bytes: Buffer
  readonly words: Float64Array
}

/** The UTF-8 of `text`. */
export function constant(text: string): Constant {
  const bytes = Buffer.from(text)
  const padded = Buffer.alloc(Math.ceil(bytes.length / WORD_BYTES) * WORD_BYTES, ' ')
  bytes.copy(padded)
  const words = Float64Array.from({ length: padded.length / WORD_BYTES }, (_, index) =>
    padded.readDoubleLE(index * WORD_BYTES),
  )
  return { bytes, words: words.some(Number.isNaN) ? NO_WORDS : words }
}

/** Copies by words. UTF-8 with the bits of a NaN, which a copy might change, is copied by bytes. */
export function append(out: ByteBuffer, { bytes, words }: Constant): void {
  if (words.length === 0) {
    out.copy(bytes, 0, bytes.length)
    return
  }
  out.reserve(words.length * WORD_BYTES)
  const target = out.view
  const to = out.length
  for (let i = 0; i < words.length; i++) target.setFloat64(to + i * WORD_BYTES, words[i]!, true)
  out.length = to + bytes.length
}
