import { join } from 'node:path'
import { PYARROW, pythonPeer, sourcePath } from './environment.ts'
import { type Output, type Peer, connectionUri } from './peer.ts'

/** Version of DuckDB, which the postgres extension must match. */
const VERSION = '1.5.5'
const PACKAGES = ['duckdb', 'duckdb-extensions', 'duckdb-extension-postgres-scanner']

/** DuckDB with its postgres extension, which reads a table on several connections. */
export function duckdb(output: Output): Peer {
  const requirements = [...PACKAGES.map((name) => `${name}==${VERSION}`), PYARROW]
  return pythonPeer({ name: 'DuckDB', output, requirements }, async (bin, job) => {
    const [format, path] =
      output === 'Arrow file'
        ? ['arrow', join(job.output, `${job.table.name}.arrow`)]
        : ['json', '/dev/stdout']
    const script = [join(bin, 'python'), sourcePath('read_by_duckdb.py')]
    return [...script, connectionUri(job.connection), job.table.name, format, path]
  })
}
