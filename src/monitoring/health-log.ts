import type { Config } from '../config/config.ts'
import { ConnectorError } from '../errors.ts'
import type { Database } from '../postgres/session/database.ts'
import { readLockWait } from '../postgres/session/lock-wait.ts'
import type { StreamDescriptor } from '../protocol/messages.ts'
import type { RowsRead } from '../replication/feed.ts'
import type { HealthWarning, MethodHealth } from '../replication/method.ts'
import { ConsumerPace } from './consumer-pace.ts'
import { reportHealth, type Throughput } from './health-report.ts'
import { findWarnings } from './health-warnings.ts'
import { readMethodHealth } from './method-health.ts'
import { log, type Run } from '../run-context.ts'

const INTERVAL_MS = 30_000
/** Maximum time that a stopped read waits for its last report. */
const STOPPED_MS = 500
/** Interval at which changes are detected. */
const CHECK_MS = 2000

/** A snapshot, and the process ids of the backends that read in it. */
interface WatchedSnapshot {
  readonly backends: readonly number[]
  readonly begunMs: number
}

/**
 * Emits health LOGs of a read: at its start, every 30 s, at its end, and as soon as there is a new
 * warning.
 */
export class HealthLog implements AsyncDisposable {
  readonly #run: Run
  readonly #config: Config
  readonly #database: Database
  readonly #startedMs = performance.now()
  readonly #streams = new Map<string, number>()
  readonly #pace = new ConsumerPace(INTERVAL_MS)
  readonly #timer: NodeJS.Timeout
  #snapshot: WatchedSnapshot | null = null
  #warnings: readonly HealthWarning[] = []
  #method: MethodHealth | null = null
  #reportedMs = 0
  /** The check in progress. */
  #checking: Promise<void> | null = null
  #firstRowMs: number | null = null
  #rows = 0
  #bytes = 0

  private constructor(run: Run, config: Config, database: Database) {
    this.#run = run
    this.#config = config
    this.#database = database
    this.#timer = setInterval(() => this.#startCheck(), CHECK_MS)
  }

  /** Reports once, and then at intervals. */
  static async start(run: Run, config: Config, database: Database): Promise<HealthLog> {
    const health = new HealthLog(run, config, database)
    await health.#readMethod()
    await health.#report()
    return health
  }

  /** Sets the snapshot of the following reads; null: none. */
  watch(snapshot: WatchedSnapshot | null): void {
    this.#snapshot = snapshot
  }

  /** Adds records that are in the output. */
  count(descriptor: StreamDescriptor, { rows, bytes }: Pick<RowsRead, 'rows' | 'bytes'>): void {
    this.#firstRowMs ??= performance.now() - this.#startedMs
    this.#rows += rows
    this.#bytes += bytes
    const name = `${descriptor.namespace}.${descriptor.name}`
    this.#streams.set(name, (this.#streams.get(name) ?? 0) + rows)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#checking
    this.#warnings = []
    if (!this.#run.signal.aborted) await this.#readMethod()
    await this.#report()
  }

  /** Starts a check unless one is in progress. */
  #startCheck(): void {
    this.#checking ??= this.#check()
      .catch((error: unknown) => {
        log(this.#run, 'WARN', `Health unknown: ${ConnectorError.from(error).message}`)
      })
      .finally(() => {
        this.#checking = null
      })
  }

  async #check(): Promise<void> {
    const known = this.#warningNames
    this.#warnings = await this.#findWarnings()
    await this.#readMethod()
    const isOver = performance.now() - this.#reportedMs >= INTERVAL_MS
    if (isOver || this.#warningNames !== known) await this.#report()
  }

  async #readMethod(): Promise<void> {
    const method = await readMethodHealth(this.#database, this.#config, CHECK_MS)
    this.#method = method ?? this.#method
  }

  get #warningNames(): string {
    const warnings = [...this.#warnings, ...(this.#method?.warnings ?? [])]
    return warnings.map(({ name }) => name).join()
  }

  async #findWarnings(): Promise<readonly HealthWarning[]> {
    const snapshot = this.#snapshot
    const nowMs = performance.now()
    const isPrimary = !this.#database.server.isInRecovery
    return findWarnings({
      pool: this.#database.figures(),
      consumerShare: this.#pace.share(nowMs, this.#run.output.waitedMs),
      wasSlow: this.#warnings.some(({ name }) => name === 'slow_consumer'),
      lockWait: snapshot && (await readLockWait(this.#database, snapshot.backends, CHECK_MS)),
      snapshotAgeMs: snapshot !== null && isPrimary ? nowMs - snapshot.begunMs : null,
    })
  }

  async #report(): Promise<void> {
    this.#reportedMs = performance.now()
    const throughput = this.#throughput()
    const limit = this.#run.signal.aborted ? { timeoutMs: STOPPED_MS } : {}
    const progress = { throughput, warnings: this.#warnings, method: this.#method, ...limit }
    const { level, message, health } = await reportHealth(this.#database, this.#config, progress)
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
