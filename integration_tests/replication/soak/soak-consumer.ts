import type { TestDatabase } from '../../helpers/database.ts'
import { type Json, type Message, lineOf } from '../../helpers/messages.ts'
import {
  Consumer,
  type Interruption,
  type StreamChoice,
  streamsOf,
} from '../../helpers/consumer.ts'
import { type Comparison, Deliveries } from './deliveries.ts'
import type { Random } from './random.ts'
import { committedRows, CURSOR_FIELD, recordAsRow, WRITTEN_TABLES } from './tables.ts'

/** Streams of a consumer and their sync modes. */
export interface ConsumerKind {
  readonly name: string
  readonly config: Json
  readonly streams: readonly StreamChoice[]
}

/** Result of a consumer at the end of a phase. */
export interface ConsumerReport {
  readonly consumer: string
  readonly stream: string
  readonly comparison: Comparison
}

const BATCH_SIZES = [5, 17, 50]
const FULL_REFRESH_STREAM = 'whole'

const STANDARD: readonly StreamChoice[] = WRITTEN_TABLES.map(({ name }) =>
  name === FULL_REFRESH_STREAM ? { name } : { name, cursorField: CURSOR_FIELD },
)

/** Cursor and ctid modes in one read, twice, and xmin mode. */
export const CONSUMER_KINDS: readonly ConsumerKind[] = [
  { name: 'cursor 1', config: {}, streams: STANDARD },
  { name: 'cursor 2', config: { checkpoint_target_interval_seconds: 1 }, streams: STANDARD },
  {
    name: 'xmin',
    config: { replication_method: { method: 'Xmin' } },
    streams: WRITTEN_TABLES.map(({ name }) => ({ name, syncMode: 'incremental' })),
  },
]

/**
 * A consumer whose syncs are killed at random, and everything that it received. After the end of a
 * full refresh, that stream is read from the start: the union of the attempts of one full refresh is
 * compared.
 */
export class SoakConsumer implements AsyncDisposable {
  readonly kind: ConsumerKind
  kills = 0
  readonly #consumer: Consumer
  readonly #random: Random
  /** Entries of the configured catalog, in the order of the kind's streams. */
  readonly #entries: readonly Json[]
  readonly #deliveries = new Map<string, Deliveries>()
  #messages = 1000

  private constructor(kind: ConsumerKind, consumer: Consumer, random: Random) {
    this.kind = kind
    this.#consumer = consumer
    this.#entries = streamsOf(consumer.catalog)
    this.#random = random
  }

  static async create(
    database: TestDatabase,
    kind: ConsumerKind,
    random: Random,
  ): Promise<SoakConsumer> {
    const config = { batch_size: random.pick(BATCH_SIZES), ...kind.config }
    const consumer = await Consumer.create(database, kind.streams, config)
    return new SoakConsumer(kind, consumer, random)
  }

  /** Runs one sync, which is killed at a random time or ends by itself. */
  async round(): Promise<void> {
    this.#shuffle(this.#random.shuffle(this.kind.streams))
    const interruption = this.#random.chance(0.2) ? {} : this.#interruption()
    const finished = await this.#attempt(interruption)
    if (finished && this.#reads(FULL_REFRESH_STREAM)) this.#restartFullRefresh()
  }

  /** Runs a sync that is killed during the full refresh, so that the next one must resume it. */
  async roundInFullRefresh(): Promise<void> {
    if (!this.#reads(FULL_REFRESH_STREAM)) return await this.round()
    this.#restartFullRefresh()
    const others = this.kind.streams.filter(({ name }) => name !== FULL_REFRESH_STREAM)
    this.#shuffle([{ name: FULL_REFRESH_STREAM }, ...others])
    let states = 1 + this.#random.below(4)
    const finished = await this.#attempt({
      at: ({ state }) => state !== undefined && --states === 0,
    })
    // Before PostgreSQL 14, a small table has few states
    if (finished) this.#restartFullRefresh()
  }

  /**
   * Runs a last sync to the end, and compares the records with the committed rows. No writer may
   * run meanwhile.
   */
  async finish(database: TestDatabase): Promise<ConsumerReport[]> {
    await this.#attempt({})
    const reports: ConsumerReport[] = []
    for (const table of WRITTEN_TABLES) {
      const comparison = this.#of(table.name).compare(await committedRows(database, table))
      reports.push({ consumer: this.kind.name, stream: table.name, comparison })
    }
    if (this.#reads(FULL_REFRESH_STREAM)) this.#restartFullRefresh()
    return reports
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer[Symbol.asyncDispose]()
  }

  /** Returns whether the full refresh has ended. */
  async #attempt(interruption: Interruption): Promise<boolean> {
    const isCut = interruption.at !== undefined || interruption.afterMs !== undefined
    const attempt = isCut ? await this.#consumer.attempt(interruption) : await this.#consumer.sync()
    if (attempt.signal !== null) this.kills++
    else if (attempt.code !== 0) throw new Error(`The sync failed: ${attempt.stderr}`)
    else this.#messages = Math.max(attempt.messages.length, 20)
    for (const { record } of attempt.messages) {
      if (record !== undefined) {
        this.#of(record.stream).add(String(record.data['id']), recordAsRow(record.data))
      }
    }
    const state = this.#consumer.stateOf(FULL_REFRESH_STREAM)
    return state !== null && state['ctid'] === undefined
  }

  #interruption(): Interruption {
    const drains = this.#random.chance(0.5)
    const kind = this.#random.pick(['messages', 'bytes', 'time'] as const)
    if (kind === 'time') return { afterMs: 150 + this.#random.below(600) }
    let left = 1 + this.#random.below(this.#messages * (kind === 'bytes' ? 300 : 1.2))
    const weight = (message: Message): number => (kind === 'bytes' ? lineOf(message).length : 1)
    return { drains, at: (message) => (left -= weight(message)) <= 0 }
  }

  #shuffle(streams: readonly StreamChoice[]): void {
    const places = new Map(this.kind.streams.map(({ name }, place) => [name, place]))
    const sorted = streams.map(({ name }) => this.#entries[places.get(name) ?? 0])
    this.#consumer.catalog = { streams: sorted }
  }

  #restartFullRefresh(): void {
    this.#consumer.removeState(FULL_REFRESH_STREAM)
    this.#deliveries.delete(FULL_REFRESH_STREAM)
  }

  /** Whether it reads a stream as a full refresh. */
  #reads(stream: string): boolean {
    return this.kind.streams.some(
      ({ name, cursorField, syncMode }) =>
        name === stream && cursorField === undefined && syncMode === undefined,
    )
  }

  #of(stream: string): Deliveries {
    const deliveries = this.#deliveries.get(stream) ?? new Deliveries()
    this.#deliveries.set(stream, deliveries)
    return deliveries
  }
}
