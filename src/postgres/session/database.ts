import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, Pool, type PoolClient } from 'pg'
import type { Config } from '../../config/config.ts'
import type { Environment } from '../../config/expand-env.ts'
import { ConnectorError } from '../../errors.ts'
import { BackendWatch } from './backend-watch.ts'
import { cancelQuery } from '../connection/cancel.ts'
import { clientClass, type ClientParts, withLossCode } from '../connection/client.ts'
import { Deadline, unlessAborted } from '../connection/deadline.ts'
import { connectionError } from '../connection/connection-error.ts'
import { TokenSource } from '../connection/entra/token-source.ts'
import { type Log, Route } from '../connection/route.ts'
import { readServerFacts, type ServerFacts } from '../connection/server-facts.ts'
import { querySingle } from '../connection/single-query.ts'
import { replicationOptions, WalSender } from '../walsender/walsender.ts'
import { openingError } from '../walsender/walsender-error.ts'
import type { RowSource } from './sql-session.ts'

/** Maximum time for closing the connections. */
const END_MS = 500

/**
 * Connections of the pool: `size` = `idle` + `busy`; `waiting` is the number of waiting callers.
 */
export interface PoolFigures {
  readonly min: number
  readonly max: number
  readonly size: number
  readonly idle: number
  readonly busy: number
  readonly waiting: number
}

interface Connections {
  readonly parts: ClientParts
  readonly pool: Pool
  readonly watch: BackendWatch
}

export interface ConnectOptions {
  readonly log: Log
  /** Aborted when the run is stopped. Ends waits and connection attempts with its reason. */
  readonly signal: AbortSignal
  /** The environment variables of the process. */
  readonly environment: Environment
}

/** The connections of a run to one database. */
export class Database implements RowSource, AsyncDisposable {
  /** Duration of the first connection in milliseconds. */
  readonly connectionMs: number
  readonly server: ServerFacts
  /** Aborted when the run is stopped. */
  readonly signal: AbortSignal
  readonly #parts: ClientParts
  readonly #config: Config
  readonly #route: Route
  readonly #pool: Pool
  readonly #watch: BackendWatch
  /** Connections in use. */
  readonly #busy = new Set<Client>()
  /** Cancel requests sent because the run was stopped. */
  #cancels: readonly Promise<void>[] = []

  private constructor(
    { parts, pool, watch }: Connections,
    server: ServerFacts,
    connectionMs: number,
  ) {
    this.#parts = parts
    this.#config = parts.config
    this.#route = parts.route
    this.#pool = pool
    this.#watch = watch
    this.signal = parts.stop
    this.server = server
    this.connectionMs = connectionMs
    pool.on('acquire', (client) => this.#busy.add(client))
    pool.on('release', (_error, client) => this.#busy.delete(client))
    this.signal.addEventListener('abort', this.#cancelAll)
  }

  /**
   * Opens the first connection. When `signal` is aborted, every wait for the server ends with its
   * reason, and running queries are cancelled.
   * @throws ConnectorError `Failed to create connection pool: …` with the cause and the remedy; the
   * reason of `signal`.
   */
  static async connect(config: Config, options: Partial<ConnectOptions> = {}): Promise<Database> {
    const { log = ignore, signal = NEVER_ABORTED, environment = {} } = options
    const tokens = TokenSource.create(config, environment, signal)
    const route = new Route(config, log)
    const parts = { config, route, tokens, stop: signal }
    const watch = new BackendWatch(parts, log)
    const pool = new Pool({
      Client: clientClass(parts),
      min: config.minConnections,
      max: config.maxConnections,
      idleTimeoutMillis: 30_000,
    })
    pool.on('error', () => {
      // An idle connection was lost: the pool removes it, and the next query opens another
    })
    try {
      const started = performance.now()
      const connections = { parts, pool, watch }
      const client = await firstConnection(connections)
      const connectionMs = performance.now() - started
      const server = await readServer(connections, client)
      const database = new Database(connections, server, connectionMs)
      await database.#open(config.minConnections, log)
      return database
    } catch (error) {
      await endPool(pool)
      route[Symbol.dispose]()
      signal.throwIfAborted()
      throw error
    }
  }

  /** Returns the rows of one read-only statement. */
  async query<Row>(sql: string): Promise<readonly Row[]> {
    return await this.#use(async (client) => await querySingle<Row>(client, sql))
  }

  /**
   * Waits for `work`, an answer to `client`, and monitors the backend. @param processId of the
   * backend, if a pooler hides it.
   */
  async guard<Result>(
    client: Client,
    work: Promise<Result>,
    processId: number | null = this.server.isPooled ? null : client.processID,
  ): Promise<Result> {
    return await this.#watch.guard({ client, processId }, work).catch((error: unknown) => {
      throw withLossCode(error)
    })
  }

  /**
   * Acquires a connection until `release`; `release(true)` closes it.
   * @throws ConnectorError if none can be opened, or none in the pool becomes free in time; the
   * reason of the signal.
   */
  async acquire(): Promise<PoolClient> {
    const isWaiting = this.#pool.idleCount === 0
    using deadline = new Deadline(this.#acquireTimeoutMs, isWaiting ? this.signal : undefined)
    const connecting = this.#pool.connect()
    try {
      return await unlessAborted(connecting, deadline.signal)
    } catch (error) {
      if (deadline.signal.aborted) connecting.then((client) => client.release(), ignore)
      this.signal.throwIfAborted()
      if (deadline.signal.aborted) throw this.#exhausted()
      const { encryption } = this.#route
      const { totalCount: held } = this.#pool
      throw connectionError(error, this.#config, { encryption, held, server: this.server })
    }
  }

  /**
   * Opens a replication connection in addition to those of the pool.
   * @throws ConnectorError if the role or the server does not allow it.
   */
  async openWalSender(): Promise<WalSender> {
    const { server, signal } = this
    const extra = replicationOptions(this.#config, server)
    const client = new (clientClass(this.#parts, extra))()
    const guard = async <Result>(work: Promise<Result>): Promise<Result> =>
      await this.guard(client, work, client.processID)
    try {
      return await WalSender.open({ client, server, signal, guard })
    } catch (error) {
      signal.throwIfAborted()
      const { encryption } = this.#route
      const { totalCount: held } = this.#pool
      const attempt = { encryption, held, server }
      throw openingError(error, this.#config) ?? connectionError(error, this.#config, attempt)
    }
  }

  /** Opens connections until the pool has `count`. */
  async #open(count: number, log: Log): Promise<void> {
    const opening = Array.from({ length: count }, async () => await this.acquire())
    const opened = await Promise.allSettled(opening)
    for (const connection of opened) {
      if (connection.status === 'fulfilled') connection.value.release()
      else
        log(
          'WARN',
          `The pool cannot open min_connections connections. ${ConnectorError.from(connection.reason).message}`,
        )
    }
  }

  async #use<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.acquire()
    let isFine = false
    try {
      const guarded = this.guard(client, work(client))
      const result = await (this.signal.aborted ? guarded : unlessAborted(guarded, this.signal))
      isFine = true
      return result
    } finally {
      client.release(!isFine)
    }
  }

  /** Cancels the query that runs on `client`. The connection must be closed afterwards. */
  async cancel(client: Client): Promise<void> {
    await cancelQuery(this.#route, client)
  }

  readonly #cancelAll = (): void => {
    this.#cancels = [...this.#busy].map(async (client) => await this.cancel(client))
  }

  /**
   * Maximum time that `acquire` waits: the server may be silent for a while, and then opening a
   * connection may take time.
   */
  get #acquireTimeoutMs(): number {
    return this.#config.timeoutMs + this.#config.connectTimeoutMs
  }

  #exhausted(): ConnectorError {
    const { maxConnections } = this.#config
    const message = `All ${maxConnections} connections of the pool are in use, and none became free within ${this.#acquireTimeoutMs / 1000} s. Raise max_connections of the config.`
    return new ConnectorError('transient_error', message)
  }

  /** Current state of the pool. */
  figures(): PoolFigures {
    const { totalCount: size, idleCount: idle, waitingCount: waiting } = this.#pool
    const { minConnections: min, maxConnections: max } = this.#config
    return { min, max, size, idle, busy: size - idle, waiting }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal.removeEventListener('abort', this.#cancelAll)
    await Promise.all(this.#cancels)
    await endPool(this.#pool)
    this.#route[Symbol.dispose]()
  }
}

const FIRST = { held: 0, server: null } as const
const NEVER_ABORTED = new AbortController().signal

function ignore(): void {}

/** Has a time limit, because `end` waits for connections that are still being opened. */
async function endPool(pool: Pool): Promise<void> {
  await Promise.race([pool.end(), sleep(END_MS, undefined, { ref: false })])
}

async function readServer(
  { parts: { config, route, stop }, watch }: Connections,
  client: PoolClient,
): Promise<ServerFacts> {
  let isFine = false
  try {
    const facts = watch.guard({ client, processId: client.processID }, readServerFacts(client))
    const server = await unlessAborted(facts, stop)
    isFine = true
    return server
  } catch (error) {
    throw connectionError(error, config, { ...FIRST, encryption: route.encryption })
  } finally {
    client.release(!isFine)
  }
}

/** If neither encryption works, the TLS error is thrown: it is the one to fix. */
async function firstConnection({ parts, pool }: Connections): Promise<PoolClient> {
  const { config, route } = parts
  try {
    return await pool.connect()
  } catch (error) {
    const firstError = connectionError(error, config, { ...FIRST, encryption: route.encryption })
    if (!route.fallBack(error)) throw firstError
    try {
      return await pool.connect()
    } catch (second) {
      throw route.encryption === 'TLS'
        ? connectionError(second, config, { ...FIRST, encryption: route.encryption })
        : firstError
    }
  }
}
