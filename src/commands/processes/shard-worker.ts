import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { ConnectorError, type FailureType } from '../../errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../json/json.ts'
import { SHARD_COMMAND } from './command.ts'

/** The executable of this program and the arguments before its command. */
export type Program = readonly string[]

/** Task of a process that reads a shard, sent as JSON. */
export interface ShardTask {
  /** The config as passed to the parent process. */
  readonly config: unknown
  readonly catalog: JsonObject
  readonly shard: JsonObject
  readonly arrow: { readonly directory: string; readonly isExact: boolean }
}

/** Rows, and the bytes received from the server for them. */
export interface Amount {
  readonly rows: number
  readonly bytes: number
}

const FAILURE_TYPES: readonly FailureType[] = ['config_error', 'transient_error', 'system_error']

/** A process that reads one shard into a separate directory. It ends when this process ends. */
export class ShardWorker {
  /** Settles when the process has ended. */
  readonly ended: Promise<void>
  /** Number of rows read so far. */
  rows = 0
  bytes = 0
  /** Reason for which it failed; null: it has not failed. */
  failure: ConnectorError | null = null
  /** Stops the process. */
  readonly stop: () => void
  readonly #label: string
  readonly #onWarning: (message: string) => void

  /** @param label name of the shard in messages. */
  constructor(
    program: Program,
    task: ShardTask,
    { label, onWarning }: { label: string; onWarning: (message: string) => void },
  ) {
    this.#label = label
    this.#onWarning = onWarning
    const [executable = '', ...args] = program
    const child = spawn(executable, [...args, SHARD_COMMAND], {
      stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    })
    // If it cannot be sent, the process has ended, and its exit has the reason
    child.send(task, () => undefined)
    this.stop = () => void child.kill('SIGTERM')
    const lines = createInterface({ input: child.stdout!, crlfDelay: Infinity })
    lines.on('line', (line) => this.#message(line))
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#fail('system_error', `could not be started: ${error.message}`)
        resolve()
      })
      child.once('close', (code, signal) => {
        if (code !== 0) this.#fail('transient_error', `ended with ${signal ?? `code ${code}`}`)
        resolve()
      })
    })
  }

  #fail(type: FailureType, what: string): void {
    const message = `The process that read ${this.#label} ${what}. Run the sync again.`
    this.failure ??= new ConnectorError(type, message)
  }

  #message(line: string): void {
    const message: unknown = JSON.parse(line)
    if (!isJsonObject(message)) return
    const { trace, log, state } = message
    const error = isJsonObject(trace) ? trace['error'] : undefined
    if (isJsonObject(error)) this.failure ??= failureOf(error)
    if (isJsonObject(state)) this.rows += numberIn(state['sourceStats'], 'recordCount')
    if (!isJsonObject(log)) return
    if (isJsonObject(log['health'])) this.bytes = numberIn(log['health']['metrics'], 'bytes')
    else if (log['level'] === 'WARN') this.#onWarning(textOf(log['message']))
  }
}

function failureOf(error: JsonObject): ConnectorError {
  const { failure_type: type, message } = error
  const known = FAILURE_TYPES.find((each) => each === type)
  return new ConnectorError(known ?? 'system_error', textOf(message))
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

function numberIn(container: JsonValue | undefined, key: string): number {
  const value = isJsonObject(container) ? container[key] : undefined
  return typeof value === 'number' ? value : 0
}
