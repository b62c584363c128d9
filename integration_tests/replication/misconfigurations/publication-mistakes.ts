import { type CdcMistake, NEWEST, stateOf, TABLE, withOffset } from './mistake.ts'

const NONE = 'No table can be read incrementally through publication "p". Stream'

/** Mistakes in the publication and the tables. */
export const PUBLICATION_MISTAKES: readonly CdcMistake[] = [
  {
    mistake: 'Neither the publication nor the slot exists',
    command: 'check',
    spoil: async (cdc) => {
      await cdc.dropSlot()
      await cdc.sql('DROP PUBLICATION p')
    },
    message: `Publication "p" and replication slot "SLOT" do not exist. Run: CREATE PUBLICATION "p" FOR TABLE "public"."users"; SELECT pg_create_logical_replication_slot('SLOT', 'pgoutput'OPTIONS);`,
  },
  {
    mistake: 'The publication does not exist, and the slot does',
    command: 'check',
    spoil: async (cdc) => void (await cdc.sql('DROP PUBLICATION p')),
    message: `Publication "p" does not exist. The slot must be younger than the publication. Run: SELECT pg_drop_replication_slot('SLOT'); CREATE PUBLICATION "p" FOR TABLE "public"."users"; SELECT pg_create_logical_replication_slot('SLOT', 'pgoutput'OPTIONS);`,
  },
  {
    mistake: 'The publication is younger than the position of the slot',
    command: 'read',
    majors: [12, 17],
    spoil: async (cdc) => {
      // Like that of the official connector, without the publication's oid
      const state = withOffset(await stateOf(cdc), { publication_oid: undefined })
      await cdc.sql(
        `DROP PUBLICATION p; INSERT INTO users VALUES (1, 'a'); CREATE PUBLICATION p FOR ALL TABLES`,
      )
      return { state }
    },
    message:
      'Publication "p" does not exist, or is younger than the position of replication slot "SLOT". Create the publication first, then the slot, and refresh the connection.',
  },
  {
    mistake: 'The slot was created before its publication',
    command: 'check',
    majors: [12, 17],
    spoil: async (cdc) => {
      await cdc.sql(
        `DROP PUBLICATION p; INSERT INTO users VALUES (1, 'a'); CREATE PUBLICATION p FOR ALL TABLES`,
      )
    },
    message: `Publication "p" is younger than the position of replication slot "SLOT", and earlier changes cannot be read. Before the first sync, run: SELECT pg_drop_replication_slot('SLOT'); SELECT pg_create_logical_replication_slot('SLOT', 'pgoutput'OPTIONS);`,
  },
  {
    mistake: 'The publication does not cover the tables',
    command: 'check',
    tables: `${TABLE}; CREATE TABLE other (id int PRIMARY KEY); CREATE SCHEMA apart; ALTER TABLE other SET SCHEMA apart`,
    publication: 'FOR TABLE apart.other',
    message: `${NONE} 'public.users': publication "p" does not publish it. Run: ALTER PUBLICATION "p" ADD TABLE "public"."users";`,
  },
  {
    mistake: 'A selected stream is no longer in the publication',
    command: 'read',
    tables: `${TABLE}; CREATE TABLE other (id int PRIMARY KEY)`,
    publication: 'FOR TABLE users, other',
    spoil: async (cdc) => void (await cdc.sql('ALTER PUBLICATION p DROP TABLE users')),
    message: `Stream 'public.users' cannot be read incrementally: publication "p" does not publish it. Run: ALTER PUBLICATION "p" ADD TABLE "public"."users";`,
  },
  {
    mistake: 'A partition is not in the publication',
    command: 'check',
    tables: `CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (9); CREATE SCHEMA apart; CREATE TABLE apart.high PARTITION OF parts FOR VALUES FROM (9) TO (99); CREATE TABLE other (v int)`,
    publication: 'FOR TABLE low',
    majors: [13, NEWEST],
    spoil: async () =>
      await Promise.resolve({ config: { table: 'parts', sync_mode: 'incremental' } }),
    message: `No table can be read incrementally through publication "p". Stream 'public.parts': publication "p" does not publish all partitions of it. Run: ALTER PUBLICATION "p" ADD TABLE "public"."parts";`,
  },
  {
    mistake: 'A partition is selected, and the publication shows the partitioned table',
    command: 'check',
    majors: [13, NEWEST],
    tables: `CREATE SCHEMA apart; CREATE TABLE apart.parts (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF apart.parts FOR VALUES FROM (0) TO (9)`,
    publication: 'FOR TABLE apart.parts WITH (publish_via_partition_root = true)',
    message: `${NONE} 'public.low': publication "p" shows its changes as those of the partitioned table above it. Select that one, or run: ALTER PUBLICATION "p" SET (publish_via_partition_root = false);`,
  },
  {
    mistake: 'The table has no primary key',
    command: 'check',
    tables: 'CREATE TABLE users (id int)',
    message: `${NONE} 'public.users': it has no primary key. Run: ALTER TABLE "public"."users" ADD PRIMARY KEY (…); or ALTER TABLE "public"."users" REPLICA IDENTITY USING INDEX …;`,
  },
  {
    mistake: 'The replica identity is NOTHING',
    command: 'check',
    tables: `${TABLE}; ALTER TABLE users REPLICA IDENTITY NOTHING`,
    message: `${NONE} 'public.users': the replica identity of "public"."users" is NOTHING. Run: ALTER TABLE "public"."users" REPLICA IDENTITY FULL;`,
  },
  {
    mistake: 'The primary key is deferrable',
    command: 'check',
    tables: 'CREATE TABLE users (id int PRIMARY KEY DEFERRABLE)',
    message: `${NONE} 'public.users': the replica identity of "public"."users" is DEFAULT, without a primary key that is not deferrable. Run: CREATE UNIQUE INDEX "users_identity" ON "public"."users" ("id"); ALTER TABLE "public"."users" REPLICA IDENTITY USING INDEX "users_identity";`,
  },
  {
    mistake: 'A partition has another replica identity than its table',
    command: 'check',
    majors: [13, NEWEST],
    tables: `CREATE TABLE users (id int PRIMARY KEY, code int NOT NULL) PARTITION BY RANGE (id); CREATE SCHEMA apart; CREATE TABLE apart.low PARTITION OF users FOR VALUES FROM (0) TO (9); CREATE UNIQUE INDEX other ON apart.low (code); ALTER TABLE apart.low REPLICA IDENTITY USING INDEX other`,
    message: `${NONE} 'public.users': the replica identity of "apart"."low" has other columns than the key. Run: ALTER TABLE "apart"."low" REPLICA IDENTITY DEFAULT;`,
  },
  {
    mistake: 'The table is unlogged',
    command: 'check',
    tables: 'CREATE UNLOGGED TABLE users (id int PRIMARY KEY)',
    message: `${NONE} 'public.users': table "public"."users" is unlogged. Run: ALTER TABLE "public"."users" SET LOGGED;`,
  },
  {
    mistake: 'The relation is a view',
    command: 'check',
    tables: `CREATE SCHEMA apart; CREATE TABLE apart.t (id int PRIMARY KEY); CREATE VIEW users AS SELECT * FROM apart.t`,
    message: `${NONE} 'public.users': only tables have changes in the log`,
  },
  {
    mistake: 'The column list leaves out the key',
    command: 'check',
    majors: [15, NEWEST],
    tables: `${TABLE}; ALTER TABLE users REPLICA IDENTITY FULL`,
    publication: 'FOR TABLE users (name)',
    message: `${NONE} 'public.users': its key column "id" is not published. Add it to the column list of the publication.`,
  },
  {
    mistake: 'The publication leaves out operations',
    command: 'check',
    publication: "FOR ALL TABLES WITH (publish = 'insert, update')",
    message: `Publication "p" leaves out delete. Run: ALTER PUBLICATION "p" SET (publish = 'insert, update, delete, truncate');`,
  },
  {
    mistake:
      'A published table has no replica identity, so that UPDATE and DELETE fail in the application',
    command: 'check',
    tables: `${TABLE}; CREATE SCHEMA apart; CREATE TABLE apart.events (id int)`,
    message:
      'UPDATE and DELETE fail for all clients on published tables without a replica identity: "apart"."events". Add a primary key or run: ALTER TABLE "apart"."events" REPLICA IDENTITY FULL;',
  },
]
