import { expect } from 'chai'
import type { Server, Socket } from 'node:net'
import { withConnector } from '../../../helpers/connector.ts'
import type { StateMessage } from '../../../helpers/messages.ts'
import { TcpProxy } from '../../../helpers/tcp-proxy.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { incrementalCatalog, lastState, sync } from '../sync.ts'

const TABLES = `
CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'old');
CREATE TABLE t_new (id int PRIMARY KEY, v text); INSERT INTO t_new VALUES (1, 'new'), (2, 'new');`
const SWAP = 'ALTER TABLE t RENAME TO t_old; ALTER TABLE t_new RENAME TO t'

/** A state of the official connector, without the oid of the relation. */
function withoutRelation(state: StateMessage): unknown {
  return JSON.parse(
    JSON.stringify(state, (name, value: unknown) => (name === 'relation_oid' ? undefined : value)),
  )
}

describe('a table that replaces another one in CDC mode', () => {
  const replacements: readonly (readonly [string, string])[] = [
    ['swapped in by renames', SWAP],
    [
      'dropped and created again, unpublished until then',
      `DROP TABLE t; CREATE TABLE t AS SELECT * FROM t_new; ALTER TABLE t ADD PRIMARY KEY (id)`,
    ],
  ]
  for (const [name, replace] of replacements) {
    it(`is read from the start between two syncs: ${name}`, async () => {
      await using cdc = await CdcDatabase.create(TABLES)
      const first = await sync(cdc, { streams: ['t'] })
      await cdc.sql(replace)
      await cdc.sql("INSERT INTO t VALUES (3, 'later')")
      const second = await sync(cdc, { streams: ['t'], state: lastState(first) })
      const state = lastState(second)
      const warnings = second.logs.filter(({ message }) => message.includes('read from the start'))
      expect(warnings.map(({ message }) => message)).to.deep.equal([
        "Stream 'public.t' is read from the start: its table was created again, or another one has taken its name. Refresh the stream to remove rows of the earlier table from the destination.",
      ])
      expect(second.records).to.have.length(3)
      await cdc.sql("UPDATE t SET v = 'last' WHERE id = 2")
      const third = await sync(cdc, { streams: ['t'], state })
      expect(third.records.map(({ data }) => valuesOf(data))).to.deep.equal([{ id: 2, v: 'last' }])
      const rows = await cdc.sql('SELECT id, v FROM t ORDER BY id')
      const folded = fold([...first.records, ...second.records, ...third.records], 't')
      expect(folded.map(valuesOf)).to.have.deep.members(
        rows.map(({ id, v }) => ({ id: Number(id), v })),
      )
    })
  }

  it('changes of the renamed table are left out, with a state without its oid', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    const state = withoutRelation(lastState(await sync(cdc, { streams: ['t'] })))
    await cdc.sql("UPDATE t SET v = 'before'")
    await cdc.sql(SWAP)
    await cdc.sql("UPDATE t_old SET v = 'wrong'; INSERT INTO t_old VALUES (9, 'wrong')")
    await cdc.sql("UPDATE t SET v = 'right' WHERE id = 2")
    const { records } = await sync(cdc, { streams: ['t'], state })
    expect(records.map(({ data }) => valuesOf(data))).to.deep.equal([
      { id: 1, v: 'before' },
      { id: 2, v: 'right' },
    ])
  })

  it('is read if it is swapped in while the sync is planned, with its publication', async () => {
    await using cdc = await CdcDatabase.create(TABLES, { publication: 'FOR TABLE t' })
    const first = await sync(cdc, { streams: ['t'] })
    const catalog = await incrementalCatalog(cdc, ['t'])
    await using proxy = await PausingProxy.start(
      cdc.db.server.port,
      async () =>
        await cdc.sql(
          `BEGIN; ${SWAP}; ALTER PUBLICATION p DROP TABLE t_old;
           ALTER PUBLICATION p ADD TABLE t; COMMIT`,
        ),
    )
    await using connector = await withConnector(cdc.config({}, { port: proxy.port }))
    const second = await connector.read({ catalog, state: [lastState(first)] })
    lastState(second)
    expect(proxy.hasPaused).to.equal(true)
    expect(second.records.map(({ data }) => valuesOf(data))).to.deep.equal([
      { id: 1, v: 'new' },
      { id: 2, v: 'new' },
    ])
  })
})

/** Runs an action before the publication is looked up for the first time. */
class PausingProxy extends TcpProxy {
  hasPaused = false
  readonly #action: () => Promise<unknown>

  private constructor(listener: Server, port: number, action: () => Promise<unknown>) {
    super(listener, port)
    this.#action = action
  }

  static async start(port: number, action: () => Promise<unknown>): Promise<PausingProxy> {
    return new PausingProxy(await TcpProxy.listen(), port, action)
  }

  protected relay(client: Socket, server: Socket): void {
    server.pipe(client)
    client.on('data', (chunk: Buffer) => {
      if (this.hasPaused || !chunk.includes('pg_publication_tables')) server.write(chunk)
      else void this.#pause(client, () => server.write(chunk))
    })
  }

  async #pause(client: Socket, proceed: () => void): Promise<void> {
    this.hasPaused = true
    client.pause()
    await this.#action()
    proceed()
    client.resume()
  }
}
