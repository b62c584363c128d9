import { type RecordBatch, RecordBatchReader, type Schema } from 'apache-arrow'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../../errors.ts'
import type { StreamDescriptor } from '../../protocol/messages.ts'
import { ArrowFile } from './arrow-part.ts'
import { PARTIAL, partName, partOf, safeName } from './part-names.ts'

/** `ARROW1` and two bytes of padding; behind them a file is a stream. */
const MAGIC_BYTES = 8
/** A batch that is being made good goes by this name. */
const SALVAGE = '.salvage'

/** A part that an earlier read had left without its end. */
export interface SalvagedPart {
  readonly path: string
  readonly rows: number
}

/** The files of one stream in a directory: the first part, and one more for each read that went on from a state. */
export class StreamFiles {
  readonly #directory: string
  readonly #base: string

  constructor(directory: string, descriptor: StreamDescriptor) {
    this.#directory = directory
    this.#base = safeName(descriptor)
  }

  /** A new generation: it takes the place of all parts; what an earlier read has not finished is thrown away. */
  async createFirst(schema: Schema): Promise<ArrowFile> {
    await mkdir(this.#directory, { recursive: true })
    for (const file of await this.#partials()) await rm(join(this.#directory, file))
    return await ArrowFile.create(this.#path(1), schema, { whenWhole: this.#removeLater })
  }

  /** The part behind those that are there. */
  async createNext(schema: Schema): Promise<ArrowFile> {
    await mkdir(this.#directory, { recursive: true })
    const last = Math.max(0, ...(await this.#parts()))
    return await ArrowFile.create(this.#path(last + 1), schema, { isOptional: last > 0 })
  }

  /** Finishes the parts of a read that was killed: states have been given for their rows. */
  async salvage(): Promise<readonly SalvagedPart[]> {
    const salvaged: SalvagedPart[] = []
    for (const name of await this.#partials()) {
      const partial = join(this.#directory, name)
      const part = partOf(this.#base, name.slice(0, -PARTIAL.length))!
      const rows = await this.#rewrite(partial, part)
      await rm(partial)
      if (rows > 0) salvaged.push({ path: this.#path(part), rows })
    }
    return salvaged
  }

  /** Copies the whole batches of a torn file into a good one. */
  async #rewrite(partial: string, part: number): Promise<number> {
    let file: ArrowFile | null = null
    for await (const batch of wholeBatches(partial)) {
      file ??= await ArrowFile.create(`${this.#path(part)}${SALVAGE}`, batch.schema)
      file.write(batch)
      await file.drain()
    }
    if (file === null) return 0
    if (part === 1) await this.#removeLater()
    await file.finishAs(this.#path(part))
    return file.rows
  }

  /** The first part of a new generation stands for all the old ones. */
  readonly #removeLater = async (): Promise<void> => {
    for (const part of await this.#parts()) if (part > 1) await rm(this.#path(part))
  }

  async #parts(): Promise<number[]> {
    return (await this.#list()).flatMap((name) => partOf(this.#base, name) ?? [])
  }

  async #partials(): Promise<string[]> {
    return (await this.#list()).filter((name) => {
      return name.endsWith(PARTIAL) && partOf(this.#base, name.slice(0, -PARTIAL.length)) !== null
    })
  }

  async #list(): Promise<string[]> {
    return await readdir(this.#directory).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return []
      throw error
    })
  }

  #path(part: number): string {
    return join(this.#directory, partName(this.#base, part))
  }
}

/** The batches of a file that may end anywhere. @throws only what the disk says. */
async function* wholeBatches(path: string): AsyncGenerator<RecordBatch> {
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
