import { expect } from 'chai'
import { join } from 'node:path'
import { runConnector, withConnector } from '../../helpers/connector.ts'
import { CdcDatabase } from '../../replication/cdc/cdc-database.ts'
import { incrementalCatalog } from '../../replication/cdc/sync.ts'
import { arrowArgs, readParts } from './arrow-files.ts'

describe('Arrow files in CDC mode', () => {
  it('contain values from before ALTER TYPE in the type of today', async () => {
    await using cdc = await CdcDatabase.create(
      'CREATE TABLE t (id text PRIMARY KEY, a int, b text, c text[], d numeric(8,2))',
    )
    await using connector = await withConnector(cdc.config())
    const before = await connector.writeFile('before.json', await incrementalCatalog(cdc))
    const first = await runConnector([...arrowArgs(connector, 'first'), '--catalog', before])
    await cdc.sql("INSERT INTO t VALUES ('7', 5, 'abc', '{x,y}', 1.5)")
    await cdc.sql(`ALTER TABLE t ALTER id TYPE bigint USING id::bigint, ALTER a TYPE text,
      ALTER b TYPE int USING length(b), ALTER c TYPE text USING c[1], ALTER d TYPE float8`)
    const after = await connector.writeFile('after.json', await incrementalCatalog(cdc))
    const state = await connector.writeFile('state.json', [first.states.at(-1)])
    const args = [...arrowArgs(connector, 'out'), '--catalog', after, '--state', state]
    expect((await runConnector(args)).errors).to.deep.equal([])
    const [changes] = await readParts(join(connector.directory, 'out'), 'public.t')
    const { id, a, b, c, d } = changes!.get(0)!.toJSON()
    // The row cannot be fetched by a key that was of another type
    expect([Number(id), a, b, c, d]).to.deep.equal([7, '5', null, null, 1.5])
  })
})
