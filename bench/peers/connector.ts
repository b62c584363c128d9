import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ENTRY_POINT } from '../../integration_tests/helpers/connector.ts'
import type { Destination } from '../measure.ts'
import { type Output, type Peer, CONNECTOR } from './peer.ts'

/** This connector, built by `npm run build`. */
export function connector(output: Output, destination: Destination): Peer {
  return {
    name: CONNECTOR,
    output,
    destination,
    install: async () => ({
      version: '',
      command: async (job) => {
        const { user: username, ...rest } = job.connection
        const config = join(job.scratch, 'config.json')
        await writeFile(
          config,
          JSON.stringify({ ...rest, username, ssl_mode: { mode: 'disable' } }),
        )
        const stream = ['--stream', `public.${job.table.name}`]
        const read = [process.execPath, ENTRY_POINT, 'read', '--config', config, ...stream]
        return output === 'JSON lines'
          ? read
          : [...read, '--format', 'arrow', '--output', job.output]
      },
    }),
  }
}
