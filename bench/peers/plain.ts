import { readFile } from 'node:fs/promises'
import { CHECKOUT } from '../../integration_tests/helpers/checkout.ts'
import { selectColumns } from '../tables.ts'
import { run, scriptPath } from './environment.ts'
import { type Peer, Unavailable, connectionUri } from './peer.ts'

/** Rows as the server sends them, without decoding. */
export const psql: Peer = {
  name: 'psql',
  output: 'COPY data',
  destination: 'null',
  install: async () => {
    const version = await run('psql', ['--version']).catch((cause: unknown) => {
      throw new Unavailable('It is not installed.', { cause })
    })
    return {
      version: version.replace(/^\D*([\d.]+).*$/s, '$1'),
      command: async ({ connection, table }) => {
        const copy = `COPY (${selectColumns(table)}) TO STDOUT (FORMAT binary)`
        return ['psql', connectionUri(connection), '--no-psqlrc', '--command', copy]
      },
    }
  },
}

/** A plain source in Node.js. */
export const pgCursor: Peer = {
  name: 'pg-cursor',
  output: 'JSON lines',
  destination: 'null',
  install: async () => {
    const manifest = await readFile(`${CHECKOUT}node_modules/pg-cursor/package.json`, 'utf8')
    const { version }: { version: string } = JSON.parse(manifest)
    return {
      version,
      command: async ({ connection, table }) => {
        const script = [process.execPath, scriptPath('plain-cursor')]
        return [...script, JSON.stringify(connection), selectColumns(table), table.name]
      },
    }
  },
}
