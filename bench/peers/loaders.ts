import { join } from 'node:path'
import { pythonPeer, run, sourcePath } from './environment.ts'
import { Unavailable, connectionUri } from './peer.ts'

/** Switches off the usage statistics that loaders send by default. */
const NO_TELEMETRY = [
  'env',
  'DISABLE_TELEMETRY=true',
  'SLING_DISABLE_TELEMETRY=TRUE',
  'RUNTIME__DLTHUB_TELEMETRY=false',
]

export const sling = pythonPeer(
  {
    name: 'sling',
    output: 'JSON lines',
    requirements: ['sling-linux-amd64==1.4.11'],
    isSlow: true,
  },
  async (bin, { connection, table, scratch, output }) => {
    const locate = 'import sling_linux_amd64 as sling; print(sling.SLING_BIN)'
    const program = await run(join(bin, 'python'), ['-c', locate])
    const source = ['--src-conn', `${connectionUri(connection)}?sslmode=disable`]
    const target = ['--tgt-object', `file://${output}/${table.name}.jsonl`]
    const stream = ['--src-stream', `public.${table.name}`]
    const environment = [...NO_TELEMETRY, `SLING_HOME_DIR=${scratch}`]
    return [...environment, program, 'run', ...source, ...stream, ...target]
  },
)

export const ingestr = pythonPeer(
  { name: 'ingestr', output: 'JSON lines', requirements: ['ingestr==1.1.76'] },
  async (bin, { connection, table, output }) => {
    const program = join(bin, 'ingestr')
    const source = ['--source-uri', connectionUri(connection)]
    const stream = ['--source-table', `public.${table.name}`, '--dest-table', table.name]
    const target = ['--dest-uri', `jsonl://${output}/${table.name}.jsonl`]
    return [...NO_TELEMETRY, program, 'ingest', '--yes', ...source, ...stream, ...target]
  },
  async (bin) => {
    try {
      await run(join(bin, 'ingestr'), ['--version'])
    } catch (cause) {
      const reason = 'Its package downloads the program from a host that this machine cannot reach.'
      throw new Unavailable(reason, { cause })
    }
  },
)

export const dlt = pythonPeer(
  {
    name: 'dlt',
    output: 'JSON lines',
    requirements: ['dlt==1.31.0', 'sqlalchemy==2.1.9', 'psycopg[binary]==3.3.9'],
    isSlow: true,
  },
  async (bin, { connection, table, scratch, output }) => {
    const script = [join(bin, 'python'), sourcePath('read_by_dlt.py')]
    return [...NO_TELEMETRY, ...script, connectionUri(connection), table.name, scratch, output]
  },
)
