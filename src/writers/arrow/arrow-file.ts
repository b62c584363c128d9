import type { Schema } from 'apache-arrow'
import { existsSync, renameSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { Output } from '../../protocol/output.ts'
import { BatchQueue, type BatchTarget } from './batch-queue.ts'
import type { Batch } from './ipc-batch.ts'
import { PARTIAL, TEMPORARY } from './part-names.ts'

/** Options of a file. */
interface FileTraits {
  /** Called once, before its first commit or, without one, before it is renamed. */
  readonly beforeCommit?: () => void
  /** Called before it is renamed. */
  readonly beforeRename?: () => Promise<void>
  /** Whether no file is created if there are no rows. */
  readonly isOptional?: boolean
}

/** A complete file of another process. */
export interface AdoptedPart {
  temporaryPath: string
  /** Its final path. */
  readonly path: string
}

/**
 * One Arrow IPC file. Its rows are durable when they have been synced to disk. Until it is
 * complete, it has the suffix `.tmp`, and `.partial` after the first STATE for its rows.
 */
export class ArrowFile implements BatchTarget {
  readonly path: string
  readonly #file: FileHandle
  readonly #output: Output
  readonly #queue: BatchQueue
  readonly #traits: FileTraits
  /** Its path until it is complete; null: it is complete or was removed. */
  #temporaryPath: string | null
  /** Files that are renamed together with this one. */
  #adopted: readonly AdoptedPart[] = []
  #isCommitted = false
  #isClosed = false
  #syncing: Promise<void> | null = null
  #failure: unknown = null

  private constructor(path: string, file: FileHandle, schema: Schema, traits: FileTraits) {
    this.path = path
    this.#temporaryPath = `${path}${TEMPORARY}`
    this.#traits = traits
    this.#file = file
    this.#output = new Output(file.fd, { unit: 'bytes', path })
    this.#queue = new BatchQueue(this.#output, schema, 'file')
  }

  /** Creates the file with the final path `path`. */
  static async create(path: string, schema: Schema, traits: FileTraits = {}): Promise<ArrowFile> {
    const file = await open(`${path}${TEMPORARY}`, 'w')
    return new ArrowFile(path, file, schema, traits)
  }

  get rows(): number {
    return this.#queue.rows
  }

  get durableRows(): number {
    return this.#queue.durableRows
  }

  /** Adds files of other processes. */
  adopt(parts: readonly AdoptedPart[]): void {
    this.#adopted = parts
  }

  write(batch: Batch): void {
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

  commit(): void {
    if (this.#isCommitted || this.#temporaryPath === null) return
    this.#isCommitted = true
    this.#traits.beforeCommit?.()
    const partialPath = `${this.path}${PARTIAL}`
    renameSync(this.#temporaryPath, partialPath)
    this.#temporaryPath = partialPath
    for (const part of this.#adopted) {
      const to = `${part.path}${PARTIAL}`
      renameSync(part.temporaryPath, to)
      part.temporaryPath = to
    }
  }

  async finish(): Promise<void> {
    await this.finishAs(this.path)
  }

  /** Finishes the file under another name. */
  async finishAs(path: string): Promise<void> {
    await this.#close()
    if (this.#queue.rows === 0 && this.#traits.isOptional === true) await this.#remove()
    else await this.#rename(path)
  }

  async abandon(): Promise<string | null> {
    if (this.#temporaryPath === null) return null
    if (!this.#isCommitted) {
      // Pending writes would otherwise go to the next file that gets this descriptor
      await this.#output.flush().catch(() => undefined)
      if (!this.#isClosed) await this.#file.close()
      await this.#remove()
      return null
    }
    if (!this.#isClosed) await this.#close()
    if (existsSync(this.path)) return this.#temporaryPath
    await this.#rename(this.path)
    return null
  }

  async #close(): Promise<void> {
    this.#isClosed = true
    try {
      this.#queue.finish()
      await this.flush()
    } finally {
      await this.#file.close()
    }
  }

  async #remove(): Promise<void> {
    if (this.#temporaryPath !== null) await rm(this.#temporaryPath)
    this.#temporaryPath = null
  }

  async #rename(path: string): Promise<void> {
    if (this.#temporaryPath === null) return
    if (!this.#isCommitted) this.#traits.beforeCommit?.()
    await this.#traits.beforeRename?.()
    await rename(this.#temporaryPath, path)
    this.#temporaryPath = null
    for (const part of this.#adopted) await rename(part.temporaryPath, part.path)
  }

  /** Syncs in the background, one call at a time, because the disk is slower than the rows. */
  async #sync(): Promise<void> {
    const { writtenBytes } = this.#output
    try {
      await this.#file.datasync()
      this.#queue.markDurable(writtenBytes)
    } catch (error) {
      this.#failure = error
    } finally {
      this.#syncing = null
    }
  }
}
