import type { Schema } from 'apache-arrow'
import { MetadataVersion } from 'apache-arrow/enum'
import { FileBlock, Footer } from 'apache-arrow/ipc/metadata/file'
import { Message } from 'apache-arrow/ipc/metadata/message'
import type { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { type Batch, batchMessage, paddingOf } from './ipc-batch.ts'

/*
 * All uses of undocumented parts of apache-arrow. package.json pins its exact version, and
 * ipc-writer.test.ts checks them. Its own writer spends most of the CPU time of a batch on objects
 * that describe the columns.
 */

const MAGIC = Buffer.from('ARROW1')
const PADDING = new Uint8Array(8)
/** Marker before each message, followed by the length of its metadata. */
const CONTINUATION = -1

/** Appends an Arrow IPC file or stream to a buffer, batch by batch. */
export class IpcWriter {
  readonly #out: ByteBuffer
  readonly #schema: Schema
  readonly #isFile: boolean
  /** Positions of the batches in the file. */
  readonly #blocks: FileBlock[] = []
  /** Number of bytes so far. */
  #position = 0

  /** Writes the schema first, so that a file without its end can be read. */
  constructor(out: ByteBuffer, schema: Schema, format: 'file' | 'stream') {
    this.#out = out
    this.#schema = schema
    this.#isFile = format === 'file'
    if (this.#isFile) this.#appendPadded(MAGIC)
    this.#appendMetadata(Message.encode(Message.from(schema)))
  }

  /** Copies the batch into the buffer. */
  write(batch: Batch): void {
    const start = this.#position
    this.#appendMetadata(batchMessage(batch))
    const bodyStart = this.#position
    for (const { buffers } of batch.columns) {
      for (const buffer of buffers) this.#appendPadded(buffer)
    }
    if (!this.#isFile) return
    this.#blocks.push(new FileBlock(bodyStart - start, this.#position - bodyStart, start))
  }

  /** Appends the end of a file or stream. */
  finish(): void {
    this.#append(Int32Array.of(CONTINUATION, 0))
    if (!this.#isFile) return
    const footer = Footer.encode(new Footer(this.#schema, MetadataVersion.V5, this.#blocks, []))
    this.#append(footer)
    this.#append(Int32Array.of(footer.length))
    this.#append(MAGIC)
  }

  #appendMetadata(metadata: Uint8Array): void {
    this.#append(Int32Array.of(CONTINUATION, metadata.length + paddingOf(metadata.length)))
    this.#appendPadded(metadata)
  }

  #appendPadded(bytes: Uint8Array): void {
    this.#append(bytes)
    this.#append(PADDING.subarray(0, paddingOf(bytes.length)))
  }

  #append(values: Uint8Array | Int32Array): void {
    const bytes = bytesOf(values)
    this.#out.copy(bytes, 0, bytes.length)
    this.#position += bytes.length
  }
}

/** The bytes of an array. */
export function bytesOf(values: Readonly<ArrayBufferView>): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
