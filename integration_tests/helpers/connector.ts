import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import {
  type Catalog,
  type Json,
  type LogMessage,
  type Message,
  type RecordMessage,
  type StateMessage,
  type TraceMessage,
  parseMessage,
} from './messages.ts'

/** Options for running the command. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Content of stdin; default: empty. */
  readonly input?: string
  /** After this time, the command is killed and the run fails; default 60 s. */
  readonly timeoutMs?: number
}

/** How the command ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

/** A finished run. Every line of stdout was valid according to the protocol's schema. */
export interface Run extends Ending {
  readonly stdout: string
  readonly messages: readonly Message[]
  readonly records: readonly RecordMessage[]
  readonly states: readonly StateMessage[]
  readonly logs: readonly LogMessage[]
  readonly traces: readonly TraceMessage[]
  /** Errors in its traces. */
  readonly errors: readonly NonNullable<TraceMessage['error']>[]
  /** `stream: STATUS`, in order. */
  readonly statuses: readonly string[]
  readonly catalog: Catalog | null
  readonly connectionStatus: { readonly status: string; readonly message?: string } | null
  readonly spec: Json | null
}

/** Inputs of `read` besides the config; each is written to a file. */
export interface ReadInput {
  readonly catalog?: unknown
  readonly state?: unknown
}

/** The compiled command, built by `npm run build`. */
export const ENTRY_POINT = fileURLToPath(new URL('../../main.js', import.meta.url))

const DEFAULT_TIMEOUT_MS = 60_000

/** A running command, for tests that pause it, kill it or read it slowly. */
export class RunningConnector implements AsyncDisposable {
  readonly process: ChildProcess
  /** Settles when the process has ended and its stderr was read. Stdout must be read meanwhile. */
  readonly ended: Promise<Ending>
  #chunks: NodeJS.AsyncIterator<string> | undefined
  #lines: string[] = []
  #tail = ''

  constructor(args: readonly string[], options: RunOptions = {}) {
    const env = { ...process.env, ...options.env }
    const child = spawn(process.execPath, [ENTRY_POINT, ...args], { env, stdio: 'pipe' })
    const deadline = setTimeout(
      () => child.kill('SIGKILL'),
      options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    )
    child.once('close', () => clearTimeout(deadline))
    child.stdin.on('error', () => undefined) // The command may ignore its input
    child.stdin.end(options.input ?? '')
    this.process = child
    this.ended = endingOf(child)
  }

  /**
   * Yields each message until the process ends. A slow consumer causes back-pressure. A loop that
   * is left can be continued by another one. An incomplete last line is an error unless a signal
   * ended the process.
   */
  async *messages(): AsyncGenerator<Message> {
    this.#chunks ??= this.process.stdout?.setEncoding('utf8').iterator({ destroyOnReturn: false })
    for (;;) {
      for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift()) {
        yield parseMessage(line)
      }
      const chunk = await this.#chunks?.next()
      if (chunk === undefined || chunk.done === true) break
      // readline is not used, because it also ends a line at U+2028, which JSON strings may contain
      this.#lines = `${this.#tail}${chunk.value}`.split('\n')
      this.#tail = this.#lines.pop() ?? ''
    }
    const { signal } = await this.ended
    if (this.#tail !== '' && signal === null) throw new Error('The last line has no line feed')
  }

  /** Kills the process if it is still running. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill('SIGKILL')
    this.process.stdout?.resume()
    await this.ended
  }
}

/** Starts the command; dispose of it. */
export function startConnector(args: readonly string[], options?: RunOptions): RunningConnector {
  return new RunningConnector(args, options)
}

/** @throws Error if a line of stdout is not a protocol message, or after `timeoutMs`. */
export async function runConnector(args: readonly string[], options?: RunOptions): Promise<Run> {
  await using running = startConnector(args, options)
  if (running.process.stdout === null) throw new Error('stdout is not a pipe')
  const [stdout, ending] = await Promise.all([text(running.process.stdout), running.ended])
  if (ending.signal === 'SIGKILL') {
    const tail = `${stdout.slice(-2000)}\n${ending.stderr.slice(-2000)}`
    throw new Error(`The connector did not end in time: ${args.join(' ')}\n${tail}`)
  }
  return toRun(stdout, ending)
}

/** The command with one config. Its files are in a directory that is removed at the end. */
export class Connector implements AsyncDisposable {
  readonly directory: string
  readonly configFile: string
  #files = 0

  private constructor(directory: string, configFile: string) {
    this.directory = directory
    this.configFile = configFile
  }

  /** Writes `config` to a file. */
  static async create(config: unknown): Promise<Connector> {
    const directory = await mkdtemp(join(tmpdir(), 'connector-'))
    const connector = new Connector(directory, join(directory, 'config.json'))
    await connector.writeFile('config.json', config)
    return connector
  }

  /**
   * Writes `content` to a file in the connector's directory and returns its path: a string
   * unchanged, anything else as JSON.
   */
  async writeFile(name: string, content: unknown): Promise<string> {
    const path = join(this.directory, name)
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2))
    return path
  }

  async spec(options?: RunOptions): Promise<Run> {
    return await runConnector(['spec'], options)
  }

  async check(options?: RunOptions): Promise<Run> {
    return await runConnector(['check', '--config', this.configFile], options)
  }

  async discover(options?: RunOptions): Promise<Run> {
    return await runConnector(['discover', '--config', this.configFile], options)
  }

  /** Returns the discovered catalog. @throws Error if discover fails. */
  async catalog(): Promise<Catalog> {
    const { catalog, stdout, stderr } = await this.discover()
    if (catalog === null) throw new Error(`discover gave no catalog:\n${stdout}\n${stderr}`)
    return catalog
  }

  async read(input: ReadInput = {}, options?: RunOptions): Promise<Run> {
    return await runConnector(await this.readArgs(input), options)
  }

  /** Starts a read that the test observes, pauses or kills. */
  async startRead(input: ReadInput = {}, options?: RunOptions): Promise<RunningConnector> {
    return startConnector(await this.readArgs(input), options)
  }

  /** Builds the arguments of `read`, with files for `input`. */
  async readArgs({ catalog, state }: ReadInput): Promise<string[]> {
    const args = ['read', '--config', this.configFile]
    const number = ++this.#files
    if (catalog !== undefined) {
      args.push('--catalog', await this.writeFile(`catalog-${number}.json`, catalog))
    }
    if (state !== undefined) {
      args.push('--state', await this.writeFile(`state-${number}.json`, state))
    }
    return args
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true })
  }
}

/** `await using connector = await withConnector(database.config())`. */
export async function withConnector(config: unknown): Promise<Connector> {
  return await Connector.create(config)
}

async function endingOf(child: ChildProcess): Promise<Ending> {
  const stderr = child.stderr === null ? Promise.resolve('') : text(child.stderr)
  await once(child, 'exit')
  return { code: child.exitCode, signal: child.signalCode, stderr: await stderr }
}

function toRun(stdout: string, ending: Ending): Run {
  const lines = stdout.split('\n')
  if (lines.pop() !== '') throw new Error('The last line of stdout has no line feed')
  const messages = lines.map(parseMessage)
  const traces = messages.flatMap(({ trace }) => trace ?? [])
  return {
    ...ending,
    stdout,
    messages,
    records: messages.flatMap(({ record }) => record ?? []),
    states: messages.flatMap(({ state }) => state ?? []),
    logs: messages.flatMap(({ log }) => log ?? []),
    traces,
    errors: traces.flatMap(({ error }) => error ?? []),
    statuses: traces.flatMap(({ stream_status: status }) =>
      status === undefined ? [] : `${status.stream_descriptor.name}: ${status.status}`,
    ),
    catalog: messages.find(({ catalog }) => catalog)?.catalog ?? null,
    connectionStatus:
      messages.find(({ connectionStatus }) => connectionStatus)?.connectionStatus ?? null,
    spec: messages.find(({ spec }) => spec)?.spec ?? null,
  }
}
