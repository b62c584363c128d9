import { Connector, type Ending, type RunningConnector } from './connector.ts'
import type { TestDatabase } from './database.ts'
import {
  type Json,
  type LogMessage,
  type Message,
  type StateMessage,
  configuredCatalog,
  lastStates,
  recordsOf,
} from './messages.ts'

/** How a sync is interrupted: SIGKILL at the message selected by `at`, or after a time. */
export interface Interruption {
  readonly at?: (message: Message) => boolean
  readonly afterMs?: number
  /**
   * Whether the consumer still reads what is in the pipe; otherwise it does not receive what
   * follows `at`.
   */
  readonly drains?: boolean
}

/**
 * A stream of the configured catalog: incremental if it has a cursor, unless specified otherwise.
 */
export interface StreamChoice {
  readonly name: string
  readonly cursorField?: string
  readonly syncMode?: 'full_refresh' | 'incremental'
}

/** One run of `read` as received by the consumer, to its end or to the kill. */
export interface Attempt extends Ending {
  readonly messages: readonly Message[]
}

/**
 * Behaves like a platform: it keeps the last STATE of each stream that it has received and passes
 * them to the next sync. For each attempt, every `recordCount` must be the number of records since
 * the stream's last STATE.
 */
export class Consumer implements AsyncDisposable {
  readonly connector: Connector
  catalog: Json
  states: readonly StateMessage[] = []

  private constructor(connector: Connector, catalog: Json) {
    this.connector = connector
    this.catalog = catalog
  }

  /**
   * Creates a consumer of some streams of a database. @param extra parts of the connector's config.
   */
  static async create(
    database: TestDatabase,
    streams: readonly StreamChoice[],
    extra: Json = {},
  ): Promise<Consumer> {
    const connector = await Connector.create(database.config(extra))
    const consumer = new Consumer(connector, {})
    await consumer.choose(streams)
    return consumer
  }

  /** Discovers again and selects these streams, in this order. */
  async choose(streams: readonly StreamChoice[]): Promise<void> {
    const discovered = await this.connector.catalog()
    const entries = streams.flatMap(({ name, cursorField, syncMode }) => {
      const mode = syncMode ?? (cursorField === undefined ? 'full_refresh' : 'incremental')
      const choice = { streams: [name], syncMode: mode, cursorField: cursorField ?? [] }
      return streamsOf(configuredCatalog(discovered, choice))
    })
    this.catalog = { streams: entries }
  }

  /** Runs a sync to its end. @throws Error with its messages if it fails. */
  async sync(): Promise<Attempt> {
    const attempt = await this.attempt()
    if (attempt.code !== 0) throw new Error(`The sync failed:\n${describeAttempt(attempt)}`)
    return attempt
  }

  /** Runs a sync that may fail or is interrupted. */
  async attempt({ at, afterMs, drains = false }: Interruption = {}): Promise<Attempt> {
    await using running = await this.start()
    const kill = (): boolean => running.process.kill('SIGKILL')
    const timer = afterMs === undefined ? undefined : setTimeout(kill, afterMs)
    const messages: Message[] = []
    try {
      for await (const message of running.messages()) {
        messages.push(message)
        if (running.process.killed || at?.(message) !== true) continue
        kill()
        if (!drains) break
      }
    } finally {
      clearTimeout(timer)
    }
    running.process.stdout?.resume()
    this.accept(messages)
    return { ...(await running.ended), messages }
  }

  /** Starts a sync that the test observes. The messages must be passed to `accept`. */
  async start(): Promise<RunningConnector> {
    return await this.connector.startRead({ catalog: this.catalog, state: this.states })
  }

  /** Keeps the states of an attempt. @throws Error if a `recordCount` is wrong. */
  accept(messages: readonly Message[]): void {
    checkRecordCounts(messages)
    const before: Message[] = this.states.map((state) => ({ type: 'STATE', state }))
    this.states = lastStates([...before, ...messages])
  }

  /** Returns the `stream_state` of a stream; null if none was received. */
  stateOf(name: string): Json | null {
    const found = this.states.find(({ stream }) => stream?.stream_descriptor.name === name)
    return found?.stream?.stream_state ?? null
  }

  /** Removes the state of a stream, like a platform before a new full refresh. */
  removeState(name: string): void {
    this.states = this.states.filter(({ stream }) => stream?.stream_descriptor.name !== name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connector[Symbol.asyncDispose]()
  }
}

/** The entries of a configured catalog. */
export function streamsOf({ streams }: Json): readonly Json[] {
  return Array.isArray(streams) ? (streams satisfies Json[]) : []
}

/** Values of `id` in the records of a stream, in their order; of all streams without a name. */
export function idsOf(messages: readonly Message[], stream?: string): number[] {
  const all = messages.flatMap(({ record }) => (record === undefined ? [] : [record.data]))
  const rows = stream === undefined ? all : recordsOf(messages, stream)
  return rows.map((row) => Number(row['id']))
}

/** Returns each value once, in numeric order. */
export function distinct(values: readonly number[]): number[] {
  return [...new Set(values)].toSorted((a, b) => a - b)
}

/** Integers from `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, index) => first + index)
}

/** Logs with these levels. */
export function logsOf(
  { messages }: Pick<Attempt, 'messages'>,
  ...levels: readonly string[]
): LogMessage[] {
  const logs = messages.flatMap(({ log }) => log ?? [])
  return levels.length === 0 ? logs : logs.filter(({ level }) => levels.includes(level))
}

/** Errors of an attempt as `failure_type: message`. */
export function errorsOf({ messages }: Pick<Attempt, 'messages'>): string[] {
  const errors = messages.flatMap(({ trace }) => trace?.error ?? [])
  return errors.map(({ failure_type: type, message }) => `${type}: ${message}`)
}

/** Status traces of an attempt as `stream: STATUS`. */
export function statusesOf({ messages }: Pick<Attempt, 'messages'>): string[] {
  const statuses = messages.flatMap(({ trace }) => trace?.stream_status ?? [])
  return statuses.map(({ stream_descriptor: { name }, status }) => `${name}: ${status}`)
}

/** Describes an attempt without its records, for the message of a failure. */
export function describeAttempt({ code, signal, stderr, messages }: Attempt): string {
  const shown = messages.filter(({ record }) => record === undefined).slice(-20)
  const lines = shown.map((message) => JSON.stringify(message).slice(0, 600))
  return [`code ${code}, signal ${signal}`, ...lines, stderr].join('\n')
}

function checkRecordCounts(messages: readonly Message[]): void {
  const counts = new Map<string, number>()
  for (const { record, state } of messages) {
    if (record !== undefined) counts.set(record.stream, (counts.get(record.stream) ?? 0) + 1)
    const name = state?.stream?.stream_descriptor.name
    if (name === undefined) continue
    const [counted, received] = [state?.sourceStats?.recordCount, counts.get(name) ?? 0]
    if (counted !== received)
      throw new Error(`STATE of ${name} counts ${counted} records, but ${received} were received`)
    counts.set(name, 0)
  }
}
