import { expect } from 'chai'
import { join } from 'node:path'
import { runConnector, withConnector } from '../../helpers/connector.ts'
import { CdcDatabase } from '../../replication/cdc/cdc-database.ts'
import { incrementalCatalog } from '../../replication/cdc/sync.ts'
import { arrowArgs, readParts } from './arrow-files.ts'

const COLUMNS = ['id', 'price', 'note', '_ab_cdc_lsn', '_ab_cdc_updated_at', '_ab_cdc_deleted_at']

describe('Arrow files in CDC mode', () => {
  it('contain the rows of the snapshot, then the changes, with the change columns', async () => {
    await using cdc = await CdcDatabase.create(`
      CREATE TABLE orders (id int PRIMARY KEY, price numeric(8,2) NOT NULL, note text);
      INSERT INTO orders VALUES (1, 1.5, 'a'), (2, 2.5, 'b')`)
    await using connector = await withConnector(cdc.config())
    const catalog = await connector.writeFile('catalog.json', await incrementalCatalog(cdc))
    const args = [...arrowArgs(connector, 'out'), '--catalog', catalog]
    const first = await runConnector(args)
    expect(first.errors).to.deep.equal([])
    await cdc.sql(
      "INSERT INTO orders VALUES (3, 3.5, NULL); UPDATE orders SET note = 'c' WHERE id = 1",
    )
    await cdc.sql('DELETE FROM orders WHERE id = 2')
    const state = await connector.writeFile('state.json', [first.states.at(-1)])
    const second = await runConnector([...args, '--state', state])
    expect(second.errors).to.deep.equal([])

    const [changes, snapshot] = await readParts(join(connector.directory, 'out'), 'public.orders')
    const { fields } = snapshot!.schema
    expect(fields.map(({ name }) => name)).to.deep.equal(COLUMNS)
    const rowsOf = (table: typeof snapshot): unknown[] =>
      table!.toArray().map((row) => {
        const { id, price, note, _ab_cdc_deleted_at: deletedAt } = row.toJSON()
        return [Number(id), price, note, deletedAt !== null]
      })
    expect(rowsOf(snapshot)).to.deep.equal([
      [1, 1.5, 'a', false],
      [2, 2.5, 'b', false],
    ])
    expect(rowsOf(changes)).to.deep.equal([
      [3, 3.5, null, false],
      [1, 1.5, 'c', false],
      [2, null, null, true],
    ])
    const lsns = [...changes!.getChild('_ab_cdc_lsn')!].map(BigInt)
    expect(lsns).to.deep.equal(lsns.toSorted((a, b) => (a < b ? -1 : 1)))

    const discovery = ['discover', '--config', connector.configFile, '--arrow-schema']
    const { stdout } = await runConnector(discovery)
    const [line = ''] = stdout.split('\n').filter((each) => each.includes('"CATALOG"'))
    const announced: { fields: { name: string; nullable: boolean }[] } =
      JSON.parse(line).catalog.streams[0].arrow_schema
    expect(announced.fields.map(({ name, nullable }) => [name, nullable])).to.deep.equal(
      fields.map(({ name, nullable }) => [name, nullable]),
    )
  })
})
