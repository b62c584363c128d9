import type { RecordBatch, Schema } from 'apache-arrow'
import { createReadStream, readdirSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../../errors.ts'
import type { StreamDescriptor } from '../../protocol/messages.ts'
import { type AdoptedPart, ArrowFile } from './arrow-file.ts'
import type { Batch } from './ipc-batch.ts'
import { bytesOf } from './ipc-writer.ts'
import {
  isWorkName,
  PARTIAL,
  partName,
  partOf,
  safeName,
  TEMPORARY,
  workPrefix,
} from './part-names.ts'

/** Size of `ARROW1` and two bytes of padding. The rest of a file is a stream. */
const MAGIC_BYTES = 8
/** Suffix of a file into which the batches of an incomplete file are copied. */
const SALVAGE = '.salvage'

/** A part that an interrupted read left incomplete. */
export interface SalvagedPart {
  readonly path: string
  readonly rows: number
}

/**
 * The files of one stream in a directory: the first part, and one more for each read that was
 * resumed from a state.
 */
export class StreamFiles {
  readonly #directory: string
  readonly #base: string

  constructor(directory: string, descriptor: StreamDescriptor) {
    this.#directory = directory
    this.#base = safeName(descriptor)
  }

  /**
   * Creates the first part of a new generation. When it is complete, it replaces all parts; its
   * first STATE already removes what an interrupted read has left.
   */
  async createFirst(schema: Schema): Promise<ArrowFile> {
    await this.#prepare()
    return await ArrowFile.create(this.#path(1), schema, {
      beforeCommit: () => {
        for (const { name } of this.#list(PARTIAL)) rmSync(join(this.#directory, name))
      },
      beforeRename: this.#removeLater,
    })
  }

  /** Creates the part after the existing ones. */
  async createNext(schema: Schema): Promise<ArrowFile> {
    await this.#prepare()
    const last = Math.max(0, ...this.#list('').map(({ part }) => part))
    return await ArrowFile.create(this.#path(last + 1), schema, { isOptional: last > 0 })
  }

  /**
   * Creates a directory for the files of other processes. The next read removes one that a killed
   * read has left.
   */
  async createWorkDirectory(): Promise<string> {
    return await mkdtemp(join(this.#directory, workPrefix(this.#base)))
  }

  /**
   * Returns the files of other processes, each the first part in its own directory, as the parts
   * after the first one.
   */
  partsIn(directories: readonly string[]): readonly AdoptedPart[] {
    return directories.map((directory, index) => ({
      temporaryPath: join(directory, partName(this.#base, 1)),
      path: this.#path(index + 2),
    }))
  }

  /** Completes the parts of interrupted reads, because states have been emitted for their rows. */
  async salvage(): Promise<readonly SalvagedPart[]> {
    const salvaged: SalvagedPart[] = []
    // The first part removes the other parts of the previous generation
    for (const { name, part } of this.#list(PARTIAL).toSorted((a, b) => a.part - b.part)) {
      const partial = join(this.#directory, name)
      const rows = await this.#rewrite(partial, part)
      await rm(partial)
      if (rows > 0) salvaged.push({ path: this.#path(part), rows })
    }
    return salvaged
  }

  /** Copies the complete batches of an incomplete file into a new file. */
  async #rewrite(partial: string, part: number): Promise<number> {
    let file: ArrowFile | null = null
    for await (const batch of wholeBatches(partial)) {
      file ??= await ArrowFile.create(`${this.#path(part)}${SALVAGE}`, batch.schema)
      file.write(columnsOf(batch))
      await file.drain()
    }
    if (file === null) return 0
    if (part === 1) await this.#removeLater()
    await file.finishAs(this.#path(part))
    return file.rows
  }

  /** Removes the old parts, which the first part of a new generation replaces. */
  readonly #removeLater = async (): Promise<void> => {
    for (const { name, part } of this.#list('')) {
      if (part > 1) await rm(join(this.#directory, name))
    }
  }

  /** Removes files of a killed read for which no STATE was emitted. */
  async #prepare(): Promise<void> {
    await mkdir(this.#directory, { recursive: true })
    for (const suffix of [TEMPORARY, `${SALVAGE}${TEMPORARY}`]) {
      for (const { name } of this.#list(suffix)) await rm(join(this.#directory, name))
    }
    for (const name of listNames(this.#directory).filter((each) => isWorkName(this.#base, each))) {
      await rm(join(this.#directory, name), { recursive: true, force: true })
    }
  }

  /** Files of the stream with the suffix; `''`: complete ones. */
  #list(suffix: string): { readonly name: string; readonly part: number }[] {
    return listNames(this.#directory).flatMap((name) => {
      if (!name.endsWith(suffix)) return []
      const part = partOf(this.#base, name.slice(0, name.length - suffix.length))
      return part === null ? [] : [{ name, part }]
    })
  }

  #path(part: number): string {
    return join(this.#directory, partName(this.#base, part))
  }
}

function listNames(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

/**
 * Yields the complete batches of a file that may end anywhere. @throws only errors of the file
 * system.
 */
async function* wholeBatches(path: string): AsyncGenerator<RecordBatch> {
  const { RecordBatchReader } = await import('apache-arrow')
  const bytes = createReadStream(path, { start: MAGIC_BYTES })
  try {
    const reader = await RecordBatchReader.from(bytes)
    await reader.open()
    for await (const batch of reader) yield batch
  } catch (error) {
    if (errorCode(error) !== null) throw error
  } finally {
    bytes.destroy()
  }
}

/** Converts a batch that was read into one to write. No column has children. */
function columnsOf({ numRows, data }: RecordBatch): Batch {
  const columns = data.children.map(({ nullCount, nullBitmap, valueOffsets, values }) => {
    const validity = nullCount === 0 ? new Uint8Array(0) : nullBitmap
    const buffers: (Readonly<ArrayBufferView> | undefined)[] = [validity, valueOffsets, values]
    return { nullCount, buffers: buffers.filter((buffer) => buffer !== undefined).map(bytesOf) }
  })
  return { rows: numRows, columns }
}
