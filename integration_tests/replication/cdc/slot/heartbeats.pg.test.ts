import { expect } from 'chai'
import { CdcDatabase } from '../cdc-database.ts'
import { lastState, sync } from '../sync.ts'

const USERS = `CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1);`

describe('the heartbeat of the connector', () => {
  it('is one transactional message if the slot retains much log, and none on an idle database', async () => {
    await using cdc = await CdcDatabase.create(USERS)
    const observer = `${cdc.slot}_observer`
    await cdc.sql(`SELECT pg_create_logical_replication_slot('${observer}', 'test_decoding')`)
    const messages = async (): Promise<readonly unknown[]> => {
      const rows = await cdc.sql(
        `SELECT data FROM pg_logical_slot_peek_changes('${observer}', NULL, NULL) WHERE data LIKE 'message:%'`,
      )
      return rows.map(({ data }) => data)
    }
    try {
      let state = lastState(await sync(cdc))
      for (let round = 0; round < 3; round++) state = lastState(await sync(cdc, { state }))
      expect(await messages()).to.deep.equal([])
      // Each is a segment of 16 MB
      await cdc.sql('SELECT pg_switch_wal(); CREATE TABLE a (v int)')
      await cdc.sql('SELECT pg_switch_wal(); CREATE TABLE b (v int)')
      lastState(await sync(cdc, { state }))
      expect(await messages()).to.deep.equal([
        'message: transactional: 1 prefix: airbyte, sz: 0 content:',
      ])
    } finally {
      await cdc.sql(`SELECT pg_drop_replication_slot('${observer}')`)
    }
  })
})
