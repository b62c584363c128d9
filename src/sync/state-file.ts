import { open, rename, rm } from 'node:fs/promises'
import { ConnectorError, errorCode } from '../errors.ts'
import type { Output } from '../protocol/output.ts'
import type { JsonValue } from '../json/json.ts'
import { serializeMessage, type StateMessage } from '../protocol/messages.ts'

interface Emitted {
  readonly key: string
  readonly text: string
  /** It has gone to the consumer when so many bytes have. */
  readonly endByte: number
}

/** What `serializeMessage` puts around the state. */
const ENVELOPE_START = '{"type":"STATE","state":'.length

/**
 * `--state-out`: the last state of every stream and the last GLOBAL state, in a file that is replaced whole. A state is
 * in it only after the consumer has taken the message with it, and with that all records before it.
 */
export class StateFile {
  readonly #path: string
  readonly #output: Output
  readonly #states: Map<string, string>
  #emitted: Emitted[] = []
  #saving: Promise<void> | null = null
  #failure: ConnectorError | null = null

  /** @param base the states so far, as the file of `--state` has them; those of other streams are kept. */
  constructor(path: string, output: Output, base: unknown) {
    this.#path = path
    this.#output = output
    this.#states = new Map(entriesOf(base))
  }

  /** A STATE is at the end of the output. */
  emitted({ state }: StateMessage): void {
    const endByte = this.#output.appendedBytes
    this.#emitted.push({ ...toEntry({ ...state, sourceStats: undefined }), endByte })
  }

  /**
   * Saves what the consumer has taken, without waiting for the disk.
   * @throws ConnectorError config_error if the file could not be written.
   */
  save(): void {
    if (this.#failure !== null) throw this.#failure
    if (this.#saving !== null || !this.#takeDelivered()) return
    this.#saving = this.#write()
      .catch((error: unknown) => {
        this.#failure = unwritable(this.#path, error)
      })
      .finally(() => {
        this.#saving = null
      })
  }

  /** Saves the rest and waits for the disk. */
  async finish(): Promise<void> {
    await this.#saving
    this.save()
    await this.#saving
    if (this.#failure !== null) throw this.#failure
  }

  /** Whether there is anything new to save. */
  #takeDelivered(): boolean {
    const { writtenBytes } = this.#output
    const count = this.#emitted.findIndex(({ endByte }) => endByte > writtenBytes)
    const delivered = this.#emitted.splice(0, count === -1 ? this.#emitted.length : count)
    for (const { key, text } of delivered) {
      // The last one is to be the last in the file: it wins over the others
      this.#states.delete(key)
      this.#states.set(key, text)
    }
    return delivered.length > 0
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
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined)
      throw error
    }
  }
}

/** What `parseStates` takes: messages or their contents, one or a list of them, or nothing. */
function entriesOf(base: unknown): [string, string][] {
  const list: unknown[] = [base].flat()
  return list.flatMap((raw): [string, string][] => {
    const state = isObject(raw) && isObject(raw['state']) ? raw['state'] : raw
    if (!isObject(state) || state['type'] === undefined) return []
    const { key, text } = toEntry(state)
    return [[key, text]]
  })
}

function toEntry(state: Readonly<Record<string, unknown>>): { key: string; text: string } {
  const { type, stream } = state
  const descriptor = isObject(stream) ? stream['stream_descriptor'] : null
  const { namespace, name } = isObject(descriptor) ? descriptor : {}
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was read from JSON, or is a state of ours
  const message = { type: 'STATE', state } as unknown as StateMessage
  const text = serializeMessage(message).slice(ENVELOPE_START, -1)
  return { key: JSON.stringify([type, namespace ?? null, name ?? null]), text }
}

function isObject(value: unknown): value is Record<string, JsonValue | undefined> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unwritable(path: string, error: unknown): ConnectorError {
  const code = errorCode(error) ?? 'unknown error'
  const message = `The state file ${path} cannot be written (${code}). Choose another --state-out, or make room for it.`
  return new ConnectorError('config_error', message, { cause: error })
}
