import type { Config } from '../config/config.ts'
import type { Database } from '../postgres/database.ts'
import type { StreamDescriptor } from '../protocol/messages.ts'
import type { RowsRead } from '../replication/method.ts'
import { reportHealth, type Throughput } from './health-report.ts'
import { log, type Run } from './run.ts'

const INTERVAL_MS = 30_000

/** Health LOGs of a read: at its start, every 30 s, at its end. */
export class HealthLog implements AsyncDisposable {
  readonly #run: Run
  readonly #config: Config
  readonly #database: Database
  readonly #startedMs = performance.now()
  readonly #streams = new Map<string, number>()
  readonly #timer: NodeJS.Timeout
  #firstRowMs: number | null = null
  #rows = 0
  #bytes = 0

  private constructor(run: Run, config: Config, database: Database) {
    this.#run = run
    this.#config = config
    this.#database = database
    this.#timer = setInterval(() => void this.#report(), INTERVAL_MS)
  }

  /** Reports once and from then on. */
  static async start(run: Run, config: Config, database: Database): Promise<HealthLog> {
    const health = new HealthLog(run, config, database)
    await health.#report()
    return health
  }

  /** Records are in the output. */
  count(descriptor: StreamDescriptor, { rows, bytes }: Pick<RowsRead, 'rows' | 'bytes'>): void {
    this.#firstRowMs ??= performance.now() - this.#startedMs
    this.#rows += rows
    this.#bytes += bytes
    const name = `${descriptor.namespace}.${descriptor.name}`
    this.#streams.set(name, (this.#streams.get(name) ?? 0) + rows)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#report()
  }

  async #report(): Promise<void> {
    const throughput = this.#throughput()
    const { level, message, health } = await reportHealth(this.#database, this.#config, throughput)
    log(this.#run, level, message, health)
  }

  #throughput(): Throughput {
    return {
      firstRowMs: this.#firstRowMs,
      elapsedMs: performance.now() - this.#startedMs,
      rows: this.#rows,
      bytes: this.#bytes,
      streams: Object.fromEntries(this.#streams),
    }
  }
}
