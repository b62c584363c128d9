import type { ByteBuffer } from '../../bytes/byte-buffer.ts'
import type { StreamDescriptor } from '../../protocol/messages.ts'
import { EXACT, NULLED, type Outcome, type ValueWriter } from '../../types/pg-type.ts'
import { viewOf } from '../../bytes/byte-view.ts'
import type { RecordField } from '../../replication/stream-plan.ts'
import type { TupleSink } from '../../wire/copy-stream.ts'
import { COUNT_BYTES, LENGTH_BYTES, NULL_LENGTH, damagedTuple } from '../../wire/tuple.ts'

interface Change {
  readonly field: string
  readonly outcome: Outcome
}

const WORD_BYTES = 8
const NO_WORDS = new Float64Array(0)
const NULL = constant('null')

/**
 * Tuple bytes → RECORD line bytes, for one stream. The envelope and the keys are made once; per field one writer runs.
 * No object per row, no string per field.
 */
export class RecordEncoder implements TupleSink {
  /** Rows written so far. */
  rows = 0
  readonly #out: ByteBuffer
  readonly #names: readonly string[]
  readonly #keys: readonly Constant[]
  readonly #writers: readonly ValueWriter[]
  readonly #tail: Constant
  readonly #changes: Change[] = []

  constructor(
    out: ByteBuffer,
    descriptor: StreamDescriptor,
    fields: readonly RecordField[],
    emittedAtMs: number,
  ) {
    this.#out = out
    const selected: { name: string; write: ValueWriter; key: Constant }[] = []
    let text = `{"type":"RECORD","record":{${namespaceOf(descriptor)}"stream":${JSON.stringify(descriptor.name)},"data":{`
    fields.forEach(({ name, write }, index) => {
      text += `${index === 0 ? '' : ','}${JSON.stringify(name)}:`
      if (write === null) text += 'null'
      else {
        selected.push({ name, write, key: constant(text) })
        text = ''
      }
    })
    this.#names = selected.map((field) => field.name)
    this.#keys = selected.map((field) => field.key)
    this.#writers = selected.map((field) => field.write)
    this.#tail = constant(`${text}},"emitted_at":${emittedAtMs}}}\n`)
  }

  /**
   * Writes the line of a tuple; when that fails, nothing of it is left in the output.
   * @throws RangeError if the tuple does not have the selected fields.
   */
  tuple(bytes: Buffer, start: number, end: number): void {
    const lineStart = this.#out.length
    try {
      this.#fields(bytes, start, end)
      if (this.#changes.length === 0) append(this.#out, this.#tail)
      else this.#endChanged()
    } catch (error) {
      this.#out.length = lineStart
      this.#changes.length = 0
      throw error
    }
    this.rows++
  }

  #fields(bytes: Buffer, start: number, end: number): void {
    const count = this.#writers.length
    const view = viewOf(bytes)
    if (end - start < COUNT_BYTES || view.getInt16(start) !== count) throw damagedTuple()
    let at = start + COUNT_BYTES
    for (let i = 0; i < count; i++) {
      if (at + LENGTH_BYTES > end) throw damagedTuple()
      const length = view.getInt32(at)
      at += LENGTH_BYTES
      append(this.#out, this.#keys[i]!)
      if (length === NULL_LENGTH) {
        append(this.#out, NULL)
        continue
      }
      const fieldEnd = at + length
      if (length < 0 || fieldEnd > end) throw damagedTuple()
      const outcome = this.#writers[i]!(this.#out, bytes, at, fieldEnd)
      if (outcome !== EXACT) this.#changes.push({ field: this.#names[i]!, outcome })
      at = fieldEnd
    }
    if (at !== end) throw damagedTuple()
  }

  #endChanged(): void {
    const changes = this.#changes.map(({ field, outcome }) => ({
      field,
      change: outcome === NULLED ? 'NULLED' : 'TRUNCATED',
      reason: 'SOURCE_SERIALIZATION_ERROR',
    }))
    this.#changes.length = 0
    const { bytes } = this.#tail
    this.#out.copy(bytes, 0, bytes.length - 3)
    this.#out.utf8(`,"meta":{"changes":${JSON.stringify(changes)}}}}\n`)
  }
}

function namespaceOf({ namespace }: StreamDescriptor): string {
  return namespace === undefined ? '' : `"namespace":${JSON.stringify(namespace)},`
}

/** Bytes that every row repeats, as words of eight; the last one is filled up with bytes that do not count. */
interface Constant {
  readonly bytes: Buffer
  readonly words: Float64Array
}

function constant(text: string): Constant {
  const bytes = Buffer.from(text)
  const padded = Buffer.alloc(Math.ceil(bytes.length / WORD_BYTES) * WORD_BYTES, ' ')
  bytes.copy(padded)
  const words = Float64Array.from({ length: padded.length / WORD_BYTES }, (_, index) =>
    padded.readDoubleLE(index * WORD_BYTES),
  )
  return { bytes, words: words.some(Number.isNaN) ? NO_WORDS : words }
}

/** Copies by words: UTF-8 that would be a NaN, whose bits may change on the way, is copied by bytes. */
function append(out: ByteBuffer, { bytes, words }: Constant): void {
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
