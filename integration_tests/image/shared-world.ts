import {
  GenericContainer,
  Network,
  type StartedNetwork,
  type StartedTestContainer,
  Wait,
} from 'testcontainers'
import { SEED } from '../acceptance/fixtures.ts'
import { CHECKOUT } from '../helpers/checkout.ts'
import type { Json } from '../helpers/messages.ts'
import { Session } from '../helpers/session.ts'
import type { ConnectionConfig } from '../helpers/server.ts'

/** Name of the image that the tests build. */
export const IMAGE = 'source-postgres:test'

/** Host name of the database server for the containers. */
const HOST = 'postgres'
const PORT = 5432
const POSTGRES_IMAGE = process.env['POSTGRES_IMAGE'] ?? 'postgres:15'
const ACCESS = { user: 'airbyte', password: 'acceptance-password', database: 'acceptance' }

// Every container is disposed of below, so ryuk, which needs another image, is disabled
process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'

/**
 * A network with a PostgreSQL server, filled by `seed.sql`, and the image built from this checkout.
 */
export interface World {
  readonly network: string
  /** Config for the connector, which is in the network. */
  readonly config: Json
  /** Parameters for the test, which is outside the network. */
  readonly connection: ConnectionConfig
}

interface Containers {
  readonly network: StartedNetwork
  readonly postgres: StartedTestContainer
}

let containers: Containers | null = null
let starting: Promise<World> | null = null

/** The only instance of this run. */
export async function sharedWorld(): Promise<World> {
  starting ??= start()
  return await starting
}

async function start(): Promise<World> {
  await GenericContainer.fromDockerfile(CHECKOUT).build(IMAGE, { deleteOnExit: false })
  const network = await new Network().start()
  const postgres = await new GenericContainer(POSTGRES_IMAGE)
    .withNetwork(network)
    .withNetworkAliases(HOST)
    .withEnvironment({
      POSTGRES_USER: ACCESS.user,
      POSTGRES_PASSWORD: ACCESS.password,
      POSTGRES_DB: ACCESS.database,
    })
    .withCommand(['-c', 'fsync=off', '-c', 'max_wal_size=4GB', '-c', 'shared_buffers=256MB'])
    .withExposedPorts(PORT)
    // The first such message is from the server that runs initdb's scripts
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
    .start()
  containers = { network, postgres }
  const connection = { ...ACCESS, host: postgres.getHost(), port: postgres.getMappedPort(PORT) }
  await using session = await Session.open(connection)
  await session.sql(SEED)
  const { user: username, password, database } = ACCESS
  const config = { host: HOST, port: PORT, username, password, database }
  return { network: network.getName(), config, connection }
}

/** Builds and starts everything before the tests, so that it is not part of a test's time. */
export async function mochaGlobalSetup(): Promise<void> {
  await sharedWorld()
}

/** Stops the containers after the tests; the image is kept as a cache for the next build. */
export async function mochaGlobalTeardown(): Promise<void> {
  await containers?.postgres.stop()
  await containers?.network.stop()
}
