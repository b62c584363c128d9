import { open, realpath, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode } from '../errors.ts'
import type { Output } from '../protocol/output.ts'
import { unwritable } from '../protocol/unwritable.ts'
import { stringifyExact } from '../json/json.ts'
import type { StateContent, StateMessage } from '../protocol/messages.ts'
import { streamKey } from '../protocol/stream-names.ts'
import type { Run } from '../run-context.ts'

/** Error codes of file systems that cannot sync a directory. */
const UNSUPPORTED = ['EBADF', 'EINVAL']

type Outputs = Pick<Run, 'output' | 'data'>

interface Emitted {
  readonly key: string
  readonly text: string
  /** Position in the output at which the message ends. */
  readonly endByte: number
}

/**
 * `--state-out`: the last state of every stream and the last GLOBAL state, in a file that is always
 * replaced as a whole. A state is saved only after the consumer has taken its message, and
 * therefore all records before it. If the outputs are files, they are durable before the state is.
 */
export class StateFile implements AsyncDisposable {
  readonly #path: string
  readonly #output: Output
  readonly #data: Output | null
  readonly #states = new Map<string, string>()
  #emitted: Emitted[] = []
  #saving: Promise<void> | null = null
  #failure: unknown = null

  private constructor(path: string, { output, data }: Outputs, base: readonly StateContent[]) {
    this.#path = path
    this.#output = output
    this.#data = data
    for (const content of base) this.#put(keyOf(content), stringifyExact(content))
  }

  /**
   * Writes the initial states, so that a file that cannot be written is noticed before a row is
   * read.
   * @param base initial states; those of other streams are kept.
   * @throws ConnectorError if the file could not be written.
   */
  static async open(
    path: string,
    outputs: Outputs,
    base: readonly StateContent[],
  ): Promise<StateFile> {
    // The target of a symbolic link is replaced, not the link
    const target = await realpath(path).catch(() => path)
    const file = new StateFile(target, outputs, base)
    try {
      await file.#write()
    } catch (error) {
      throw unwritable(subjectOf(path), error)
    }
    return file
  }

  /** Called when a STATE is at the end of the output. */
  emitted({ state }: StateMessage): void {
    const text = stringifyExact({ ...state, sourceStats: undefined })
    this.#emitted.push({ key: keyOf(state), text, endByte: this.#output.appendedBytes })
  }

  /**
   * Saves the states that the consumer has taken, without waiting for the disk.
   * @throws ConnectorError if the file could not be written, or an output not be made durable.
   */
  save(): void {
    if (this.#failure !== null) throw this.#failure
    if (this.#saving !== null || !this.#takeDelivered()) return
    this.#saving = this.#saveDelivered()
      .catch((error: unknown) => {
        this.#failure = error
      })
      .finally(() => {
        this.#saving = null
      })
  }

  /** Saves the remaining states and waits for the disk. */
  async finish(): Promise<void> {
    await this.#saving
    this.save()
    await this.#saving
    if (this.#failure !== null) throw this.#failure
  }

  /** Saves the states that the consumer takes at the end of the run. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#output.flush()
    } finally {
      await this.finish()
    }
  }

  /** Returns whether there are new states to save. */
  #takeDelivered(): boolean {
    const { writtenBytes } = this.#output
    const count = this.#emitted.findIndex(({ endByte }) => endByte > writtenBytes)
    const delivered = this.#emitted.splice(0, count === -1 ? this.#emitted.length : count)
    for (const { key, text } of delivered) this.#put(key, text)
    return delivered.length > 0
  }

  /** Moves the newest state to the end of the file, where it takes precedence. */
  #put(key: string, text: string): void {
    this.#states.delete(key)
    this.#states.set(key, text)
  }

  async #saveDelivered(): Promise<void> {
    // A state that outlives a crash of the machine without its rows would lose them
    await Promise.all([this.#output.sync(), this.#data?.sync()])
    await this.#write().catch((error: unknown) => {
      throw unwritable(subjectOf(this.#path), error)
    })
  }

  async #write(): Promise<void> {
    const temporary = `${this.#path}.partial`
    const text = `[${[...this.#states.values()].map((state) => `\n${state}`).join(',')}\n]\n`
    try {
      const file = await open(temporary, 'w')
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, this.#path)
      await syncDirectory(dirname(this.#path))
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined)
      throw error
    }
  }
}

/** Makes a rename durable if the file system supports it. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } catch (error) {
    if (!UNSUPPORTED.includes(errorCode(error) ?? '')) throw error
  } finally {
    await directory.close()
  }
}

function keyOf(content: StateContent): string {
  if (content.type === 'GLOBAL') return content.type
  return streamKey(content.stream.stream_descriptor)
}

function subjectOf(path: string): string {
  return `The file ${path} of --state-out cannot be written`
}
