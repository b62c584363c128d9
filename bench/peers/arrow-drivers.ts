import { join } from 'node:path'
import { selectColumns } from '../tables.ts'
import { PYARROW, pythonPeer, sourcePath } from './environment.ts'
import { type Peer, connectionUri } from './peer.ts'

export const adbc = arrowDriver('ADBC', 'adbc-driver-postgresql==1.13.0', 'read_by_adbc.py')
export const connectorx = arrowDriver('connectorx', 'connectorx==0.4.6', 'read_by_connectorx.py')

/** A Python library that returns the rows of a query as Arrow batches. */
function arrowDriver(name: string, requirement: string, script: string): Peer {
  const what = { name, output: 'Arrow file', requirements: [requirement, PYARROW] } as const
  return pythonPeer(what, async (bin, { connection, table, output }) => {
    const program = [join(bin, 'python'), sourcePath(script)]
    const file = join(output, `${table.name}.arrow`)
    return [...program, connectionUri(connection), selectColumns(table), file]
  })
}
