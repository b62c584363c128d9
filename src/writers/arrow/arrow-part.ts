import type { RecordBatch, Schema } from 'apache-arrow'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { Output } from '../../protocol/output.ts'
import { IpcWriter } from './ipc-writer.ts'
import { PARTIAL } from './part-names.ts'

/** Where record batches go, and how far they have got. */
export interface BatchTarget {
  /** Appends a batch; it goes out with the next drain. */
  write(batch: RecordBatch): void
  /** Rows of the batches that are where they are to be. */
  readonly settledRows: number
  /** Passes on what there is; waits only for a slow target. */
  drain(): Promise<void>
  /** Waits until all rows are settled. */
  flush(): Promise<void>
  /** Ends the file or stream. */
  finish(): Promise<void>
}

interface Batch {
  /** Rows up to its end. */
  readonly rows: number
  readonly endByte: number
}

/** The batches of an IPC file or stream in an output, in the order of their ends. */
export class BatchQueue {
  rows = 0
  settledRows = 0
  readonly #output: Output
  readonly #writer: IpcWriter
  #batches: Batch[] = []

  constructor(output: Output, schema: Schema, format: 'file' | 'stream') {
    this.#output = output
    this.#writer = new IpcWriter(output.buffer, schema, format)
  }

  write(batch: RecordBatch): void {
    this.#writer.write(batch)
    this.rows += batch.numRows
    this.#batches.push({ rows: this.rows, endByte: this.#output.appendedBytes })
  }

  finish(): void {
    this.#writer.finish()
  }

  /** Whether a batch that is not settled lies within the first `bytes`. */
  isReady(bytes: number): boolean {
    return this.#batches.length > 0 && this.#batches[0]!.endByte <= bytes
  }

  /** The first `bytes` of the output are safe. */
  settle(bytes: number): void {
    const rest = this.#batches.findIndex(({ endByte }) => endByte > bytes)
    const settled = this.#batches.splice(0, rest === -1 ? this.#batches.length : rest)
    this.settledRows = settled.at(-1)?.rows ?? this.settledRows
  }
}

/** What is special about a file. */
export interface FileTraits {
  /** Runs just before it gets its name. */
  readonly whenWhole?: () => Promise<void>
  /** Without rows there is to be no file. */
  readonly isOptional?: boolean
}

interface Parts extends FileTraits {
  readonly file: FileHandle
  readonly schema: Schema
}

const doNothing = (): Promise<void> => Promise.resolve()

/** One Arrow IPC file. It has a temporary name until it is whole; its rows are settled when they are on the disk. */
export class ArrowFile implements BatchTarget {
  readonly path: string
  readonly #file: FileHandle
  readonly #output: Output
  readonly #queue: BatchQueue
  readonly #whenWhole: () => Promise<void>
  readonly #isOptional: boolean
  #syncing: Promise<void> | null = null
  #failure: unknown = null

  private constructor(
    path: string,
    { file, schema, whenWhole = doNothing, isOptional = false }: Parts,
  ) {
    this.#isOptional = isOptional
    this.path = path
    this.#whenWhole = whenWhole
    this.#file = file
    this.#output = new Output(file.fd, () => undefined, 'bytes')
    this.#queue = new BatchQueue(this.#output, schema, 'file')
  }

  /** Begins the file that will be called `path`. */
  static async create(path: string, schema: Schema, traits: FileTraits = {}): Promise<ArrowFile> {
    const file = await open(`${path}${PARTIAL}`, 'w')
    return new ArrowFile(path, { file, schema, ...traits })
  }

  get rows(): number {
    return this.#queue.rows
  }

  get settledRows(): number {
    return this.#queue.settledRows
  }

  write(batch: RecordBatch): void {
    this.#queue.write(batch)
  }

  async drain(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    await this.#output.drain()
    if (this.#queue.isReady(this.#output.writtenBytes)) this.#syncing ??= this.#sync()
  }

  async flush(): Promise<void> {
    await this.#output.flush()
    await this.#syncing
    await this.#sync()
    if (this.#failure !== null) throw this.#failure
  }

  async finish(): Promise<void> {
    await this.finishAs(this.path)
  }

  /** Ends the file under another name. */
  async finishAs(path: string): Promise<void> {
    try {
      this.#queue.finish()
      await this.flush()
    } finally {
      await this.#file.close()
    }
    if (this.#queue.rows === 0 && this.#isOptional) return await rm(`${this.path}${PARTIAL}`)
    await this.#whenWhole()
    await rename(`${this.path}${PARTIAL}`, path)
  }

  /** In the background, one at a time: the disk is slower than the rows. */
  async #sync(): Promise<void> {
    const { writtenBytes } = this.#output
    try {
      await this.#file.datasync()
      this.#queue.settle(writtenBytes)
    } catch (error) {
      this.#failure = error
    } finally {
      this.#syncing = null
    }
  }
}

/** An Arrow IPC stream for a consumer; its rows are settled when that has taken them. */
export class ArrowStream implements BatchTarget {
  readonly #output: Output
  readonly #queue: BatchQueue

  constructor(output: Output, schema: Schema) {
    this.#output = output
    this.#queue = new BatchQueue(output, schema, 'stream')
  }

  get settledRows(): number {
    return this.#queue.settledRows
  }

  write(batch: RecordBatch): void {
    this.#queue.write(batch)
  }

  async drain(): Promise<void> {
    await this.#output.drain()
    this.#queue.settle(this.#output.writtenBytes)
  }

  async flush(): Promise<void> {
    await this.#output.flush()
    this.#queue.settle(this.#output.writtenBytes)
  }

  async finish(): Promise<void> {
    this.#queue.finish()
    await this.flush()
  }
}
