import { expect } from 'chai'
import { withConnector } from '../helpers/connector.ts'
import { createMany } from '../helpers/create-many.ts'
import { TestDatabase } from '../helpers/database.ts'
import { DelayProxy } from '../helpers/delay-proxy.ts'

/** Four of them are the TLS request and the authentication. */
const MAX_ROUND_TRIPS = { check: 10, discover: 7 } as const

async function roundTripsOf(db: TestDatabase, command: 'check' | 'discover'): Promise<number> {
  await using proxy = await DelayProxy.start(db.server.port, 0)
  await using connector = await withConnector(db.config({ port: proxy.port }))
  const { code } = await connector[command]()
  expect(code).to.equal(0)
  return proxy.roundTrips
}

describe('the number of round trips', () => {
  for (const command of ['check', 'discover'] as const) {
    it(`${command}: is the same for many tables and for one`, async () => {
      await using db = await TestDatabase.create()
      await db.sql('CREATE TABLE one (id int PRIMARY KEY, at timestamptz)')
      const few = await roundTripsOf(db, command)
      await createMany(db, 200, `'CREATE TABLE many%s (id int PRIMARY KEY, at timestamptz)', i`)
      expect(await roundTripsOf(db, command)).to.equal(few)
      expect(few).to.be.at.most(MAX_ROUND_TRIPS[command])
    })
  }
})
