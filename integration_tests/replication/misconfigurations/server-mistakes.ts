import pg from 'pg'
import { LoginRole } from '../../helpers/login-role.ts'
import type { CdcDatabase } from '../cdc/cdc-database.ts'
import type { CdcMistake, BrokenSetup } from './mistake.ts'

/** Mistakes in the role, the limits of the server and the config. */
export const SERVER_MISTAKES: readonly CdcMistake[] = [
  {
    mistake: 'The role lacks the attribute REPLICATION',
    command: 'check',
    spoil: async (cdc) => await asRole(cdc, 'GRANT SELECT ON users TO READER'),
    message:
      'User "READER" may not read the log: it lacks the REPLICATION attribute. Run ALTER ROLE "READER" REPLICATION; on Amazon RDS and Aurora, GRANT rds_replication TO "READER".',
  },
  {
    mistake: 'The role may not read the tables',
    command: 'check',
    spoil: async (cdc) => await asRole(cdc, 'ALTER ROLE READER REPLICATION'),
    message: `Discovered zero tables in the schema 'public' of database 'SLOT'. User 'READER' may read none of them. Run GRANT SELECT ON ALL TABLES IN SCHEMA "public" TO "READER".`,
  },
  {
    mistake: 'max_connections is more than the role may have',
    command: 'check',
    spoil: async (cdc) =>
      await asRole(
        cdc,
        'ALTER ROLE READER REPLICATION CONNECTION LIMIT 1; GRANT SELECT ON users TO READER',
      ),
    message:
      'max_connections of the config is 5, but the limit is 1: the server has N, the role may have 1, the database as many. Lower max_connections of the config.',
  },
  {
    mistake: 'max_connections is too small for CDC',
    command: 'check',
    spoil: async () => await Promise.resolve({ config: { max_connections: 1 } }),
    message:
      'max_connections of the config is 1, and CDC needs 2: one holds the snapshot while another reads. Set max_connections to 2 or more.',
  },
  {
    mistake: 'No walsender is left',
    command: 'check',
    spoil: async (cdc) => {
      const clients = await fillWalSenders(cdc)
      return {
        [Symbol.asyncDispose]: async () => {
          for (const client of clients) await client.end()
        },
      }
    },
    message:
      'The server has no connection left that reads the log (number of requested standby connections exceeds max_wal_senders (currently N)). Raise max_wal_senders or end other replication connections, and run the sync again.',
  },
  {
    mistake: 'The role may not write messages to the log',
    command: 'read',
    spoil: async (cdc) => {
      const { major } = cdc.db.server
      const types = `boolean, text, text${major >= 17 ? ', boolean' : ''}`
      await cdc.sql(
        `REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(${types}) FROM PUBLIC; SELECT pg_switch_wal()`,
      )
      await cdc.sql('CREATE TABLE filler (a int); SELECT pg_switch_wal()')
      return await asRole(cdc, 'ALTER ROLE READER REPLICATION; GRANT SELECT ON users TO READER')
    },
    message:
      'The slot may retain log for longer than needed. Run: GRANT EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, textFLUSH) TO "READER";',
  },
  {
    mistake: 'replication_slot and publication are not given',
    command: 'check',
    spoil: async () =>
      await Promise.resolve({ method: { replication_slot: undefined, publication: undefined } }),
    message:
      "Parameter 'replication_method.replication_slot' is required; Parameter 'replication_method.publication' is required",
  },
  {
    mistake: 'initial_waiting_seconds is 0',
    command: 'check',
    spoil: async () => await Promise.resolve({ method: { initial_waiting_seconds: 0 } }),
    message: "Parameter 'replication_method.initial_waiting_seconds' must be at least 1",
  },
]

/** Runs as a new role, READER, with the privileges in `grants` only. */
async function asRole(cdc: CdcDatabase, grants: string): Promise<Partial<BrokenSetup>> {
  const role = await LoginRole.create(cdc.db)
  await cdc.sql(grants.replaceAll('READER', `"${role.name}"`))
  return {
    config: { username: role.name, password: role.password },
    values: { READER: role.name },
    [Symbol.asyncDispose]: async () => await role[Symbol.asyncDispose](),
  }
}

async function fillWalSenders({ db }: CdcDatabase): Promise<readonly pg.Client[]> {
  const config = { ...db.server.connectionConfig(db.name), replication: 'database' }
  const clients: pg.Client[] = []
  for (;;) {
    const client = new pg.Client(config)
    client.on('error', () => undefined)
    try {
      await client.connect()
      clients.push(client)
    } catch {
      return clients
    }
  }
}
