import {
  AsyncByteQueue,
  type RecordBatch,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  type RecordBatchWriter,
  type Schema,
} from 'apache-arrow'
import { Message } from 'apache-arrow/ipc/metadata/message'
import type { ByteBuffer } from '../../bytes/byte-buffer.ts'

/*
 * All use of what apache-arrow does not document. package.json pins its version exactly, and ipc-writer.test.ts is the
 * contract.
 */

/** Appends an Arrow IPC file or stream to a buffer, batch by batch. */
export class IpcWriter {
  readonly #writer: RecordBatchWriter

  /** Begins with the schema. */
  constructor(out: ByteBuffer, schema: Schema, format: 'file' | 'stream') {
    this.#writer = format === 'file' ? new FileWriter() : new RecordBatchStreamWriter()
    this.#writer.reset(new Collector(out), schema)
  }

  /** The batch is in the buffer when this returns. */
  write(batch: RecordBatch): void {
    this.#writer.write(batch)
  }

  /** Appends what ends a file or stream. */
  finish(): void {
    this.#writer.close()
  }
}

/** The library's own leaves out the schema in front, with which a file can be read without its end. */
class FileWriter extends RecordBatchFileWriter {
  /* oxlint-disable no-underscore-dangle -- the library's own names */
  protected override _writeSchema(schema: Schema): this {
    super._writeSchema(schema)
    return this._writeMessage(Message.from(schema))
  }
  /* oxlint-enable no-underscore-dangle */
}

/** Copies, so that the buffers of a batch are free again. */
class Collector extends AsyncByteQueue {
  readonly #out: ByteBuffer

  constructor(out: ByteBuffer) {
    super()
    this.#out = out
  }

  override write(value: Parameters<AsyncByteQueue['write']>[0]): void {
    if (!ArrayBuffer.isView(value))
      throw new Error('an Arrow writer gave something else than bytes')
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    this.#out.copy(bytes, 0, bytes.length)
  }
}
