import { type Client, Pool, type PoolClient, type QueryResultRow } from 'pg'
import type { Config } from '../config/config.ts'
import { cancelQuery } from './cancel.ts'
import { clientClass } from './client.ts'
import { connectionError } from './connection-error.ts'
import { Route } from './route.ts'
import type { ResultField, SqlSession } from './sql-session.ts'

/** What the server says of itself, once per run. */
export interface ServerFacts {
  /** `server_version_num` / 10000 */
  readonly major: number
  /** `version()` */
  readonly version: string
  /** `server_encoding` */
  readonly encoding: string
  /** Bytes of a page */
  readonly blockBytes: number
  readonly isInRecovery: boolean
  /** `max_connections` of the server */
  readonly maxConnections: number
}

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
}

/** The connections of a run to one database. */
export class Database implements SqlSession, AsyncDisposable {
  /** Milliseconds that the first connection took. */
  readonly connectionMs: number
  readonly server: ServerFacts
  readonly #config: Config
  readonly #route: Route
  readonly #pool: Pool
  /** Connections that somebody uses just now. */
  readonly #busy = new Set<Client>()

  private constructor(
    { config, route, pool }: Connections,
    server: ServerFacts,
    connectionMs: number,
  ) {
    this.#config = config
    this.#route = route
    this.#pool = pool
    this.server = server
    this.connectionMs = connectionMs
    pool.on('acquire', (client) => this.#busy.add(client))
    pool.on('release', (_error, client) => this.#busy.delete(client))
  }

  /** @throws ConnectorError `Failed to create connection pool: …` that says what is wrong and what to do. */
  static async connect(config: Config): Promise<Database> {
    const route = new Route(config)
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
      const client = await firstConnection({ config, route, pool })
      const connectionMs = performance.now() - started
      try {
        const server = await readServerFacts(client)
        return new Database({ config, route, pool }, server, connectionMs)
      } catch (error) {
        throw connectionError(error, config, route.encryption)
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
    return (await this.#pool.query<Row & QueryResultRow>(sql, values)).rows
  }

  async describe(sql: string): Promise<readonly ResultField[]> {
    const client = await this.acquire()
    try {
      return await describeStatement(client, sql)
    } finally {
      client.release()
    }
  }

  /** A connection of the caller's own until `release`; `release(true)` closes it. */
  async acquire(): Promise<PoolClient> {
    try {
      return await this.#pool.connect()
    } catch (error) {
      throw connectionError(error, this.#config, this.#route.encryption)
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
    await this.#pool.end()
    this.#route[Symbol.dispose]()
  }
}

/** If neither encryption works, the error of TLS says more: of the two, it is the one that is to be mended. */
async function firstConnection({ config, route, pool }: Connections): Promise<PoolClient> {
  try {
    return await pool.connect()
  } catch (error) {
    const firstError = connectionError(error, config, route.encryption)
    if (!route.turn(error)) throw firstError
    try {
      return await pool.connect()
    } catch (second) {
      throw route.encryption === 'TLS'
        ? connectionError(second, config, route.encryption)
        : firstError
    }
  }
}

/** The output columns of one statement, by the extended protocol. */
export async function describeStatement(
  client: Client,
  sql: string,
): Promise<readonly ResultField[]> {
  const { fields } = await client.query({ text: sql, queryMode: 'extended' } as { text: string })
  return fields.map((field) => ({
    name: field.name,
    typeOid: field.dataTypeID,
    typmod: field.dataTypeModifier,
  }))
}

async function readServerFacts(client: Client): Promise<ServerFacts> {
  const { rows } = await client.query<ServerFacts>(`
    SELECT current_setting('server_version_num')::pg_catalog.int4 / 10000 AS major,
           pg_catalog.version() AS version,
           current_setting('server_encoding') AS encoding,
           current_setting('block_size')::pg_catalog.int4 AS "blockBytes",
           current_setting('max_connections')::pg_catalog.int4 AS "maxConnections",
           pg_catalog.pg_is_in_recovery() AS "isInRecovery"`)
  return rows[0]!
}
