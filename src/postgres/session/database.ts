import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, Pool, type PoolClient, type QueryResultRow } from 'pg'
import type { Config } from '../../config/config.ts'
import { ConnectorError } from '../../errors.ts'
import { BackendWatch, type Warn } from './backend-watch.ts'
import { cancelQuery } from '../connection/cancel.ts'
import { clientClass } from '../connection/client.ts'
import { connectionError } from '../connection/connection-error.ts'
import { Route } from '../connection/route.ts'
import { readServerFacts, type ServerFacts } from '../connection/server-facts.ts'
import type { ResultField, SqlSession } from './sql-session.ts'

/** How long the connections may take to end. */
const END_MS = 500

/** Connections of the pool: `size` = `idle` + `busy`; `waiting` counts callers. */
export interface PoolFigures {
  readonly min: number
  readonly max: number
  readonly size: number
  readonly idle: number
  readonly busy: number
  readonly waiting: number
}

interface Connections {
  readonly config: Config
  readonly route: Route
  readonly pool: Pool
  readonly watch: BackendWatch
}

/** The connections of a run to one database. */
export class Database implements SqlSession, AsyncDisposable {
  /** Milliseconds that the first connection took. */
  readonly connectionMs: number
  readonly server: ServerFacts
  readonly #config: Config
  readonly #route: Route
  readonly #pool: Pool
  readonly #watch: BackendWatch
  /** Connections that somebody uses just now. */
  readonly #busy = new Set<Client>()

  private constructor(
    { config, route, pool, watch }: Connections,
    server: ServerFacts,
    connectionMs: number,
  ) {
    this.#config = config
    this.#route = route
    this.#pool = pool
    this.#watch = watch
    this.server = server
    this.connectionMs = connectionMs
    pool.on('acquire', (client) => this.#busy.add(client))
    pool.on('release', (_error, client) => this.#busy.delete(client))
  }

  /**
   * @param warn is told when the server is silent and still at work.
   * @throws ConnectorError `Failed to create connection pool: …` that says what is wrong and what to do.
   */
  static async connect(config: Config, warn: Warn = () => undefined): Promise<Database> {
    const route = new Route(config)
    const watch = new BackendWatch(config, route, warn)
    const pool = new Pool({
      Client: clientClass(config, route),
      min: config.minConnections,
      max: config.maxConnections,
      idleTimeoutMillis: 30_000,
    })
    pool.on('error', () => {
      // An idle connection was lost: the pool drops it, the next query opens another.
    })
    try {
      const started = performance.now()
      const connections = { config, route, pool, watch }
      const client = await firstConnection(connections)
      const connectionMs = performance.now() - started
      try {
        const facts = readServerFacts(client)
        const server = await watch.guard({ client, processId: client.processID }, facts)
        const database = new Database(connections, server, connectionMs)
        await database.#open(config.minConnections - 1, warn)
        return database
      } catch (error) {
        throw connectionError(error, config, { ...FIRST, encryption: route.encryption })
      } finally {
        client.release()
      }
    } catch (error) {
      await pool.end()
      route[Symbol.dispose]()
      throw error
    }
  }

  async query<Row>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]> {
    const values = params === undefined ? undefined : [...params]
    return await this.#use(async (client) => {
      return (await client.query<Row & QueryResultRow>(sql, values)).rows
    })
  }

  async describe(sql: string): Promise<readonly ResultField[]> {
    return await this.#use(async (client) => await describeStatement(client, sql))
  }

  /** `work`, an answer to `client`, watched over. @param processId of its backend, where a pooler hides it otherwise. */
  async guard<Result>(
    client: Client,
    work: Promise<Result>,
    processId: number | null = this.server.isPooled ? null : client.processID,
  ): Promise<Result> {
    return await this.#watch.guard({ client, processId }, work)
  }

  /** A connection of the caller's own until `release`; `release(true)` closes it. */
  async acquire(): Promise<PoolClient> {
    try {
      return await this.#pool.connect()
    } catch (error) {
      const { encryption } = this.#route
      const { totalCount: held } = this.#pool
      throw connectionError(error, this.#config, { encryption, held, server: this.server })
    }
  }

  /** Opens more connections, so that the pool has as many as it is to keep. */
  async #open(count: number, warn: Warn): Promise<void> {
    const opening = Array.from({ length: count }, async () => await this.acquire())
    const opened = await Promise.allSettled(opening)
    for (const connection of opened) {
      if (connection.status === 'fulfilled') connection.value.release()
      else warn(`min_connections cannot be had. ${ConnectorError.from(connection.reason).message}`)
    }
  }

  async #use<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.acquire()
    let isFine = false
    try {
      const result = await this.guard(client, work(client))
      isFine = true
      return result
    } finally {
      client.release(!isFine)
    }
  }

  /** Asks the server to stop the query that runs on `client`; the connection is to be closed after that. */
  async cancel(client: Client): Promise<void> {
    await cancelQuery(this.#route, client)
  }

  /** Asks the server to stop every query that runs for us, when `signal` says so. */
  cancelOn(signal: AbortSignal): void {
    const cancelAll = (): void => {
      for (const client of this.#busy) void this.cancel(client)
    }
    signal.addEventListener('abort', cancelAll)
  }

  /** The pool as it is now. */
  figures(): PoolFigures {
    const { totalCount: size, idleCount: idle, waitingCount: waiting } = this.#pool
    const { minConnections: min, maxConnections: max } = this.#config
    return { min, max, size, idle, busy: size - idle, waiting }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Not for ever: a connection that is still being made would be waited for
    await Promise.race([this.#pool.end(), sleep(END_MS, undefined, { ref: false })])
    this.#route[Symbol.dispose]()
  }
}

const FIRST = { held: 0, server: null } as const

/** If neither encryption works, the error of TLS says more: of the two, it is the one that is to be mended. */
async function firstConnection({ config, route, pool }: Connections): Promise<PoolClient> {
  try {
    return await pool.connect()
  } catch (error) {
    const firstError = connectionError(error, config, { ...FIRST, encryption: route.encryption })
    if (!route.turn(error)) throw firstError
    try {
      return await pool.connect()
    } catch (second) {
      throw route.encryption === 'TLS'
        ? connectionError(second, config, { ...FIRST, encryption: route.encryption })
        : firstError
    }
  }
}

/** The output columns of one statement, by the extended protocol. */
export async function describeStatement(
  client: Client,
  sql: string,
): Promise<readonly ResultField[]> {
  const { fields } = await client.query({ text: sql, queryMode: 'extended' })
  return fields.map((field) => ({
    name: field.name,
    typeOid: field.dataTypeID,
    typmod: field.dataTypeModifier,
  }))
}
