import type { Misconfiguration } from './misconfigurations.ts'
import { SECRET } from './tls/tls-world.ts'

/** Ports without a server. */
export interface ServerWorld {
  readonly closedPort: number
  readonly silentPort: number
}

/** Host, port and account. */
export const SERVER_MISTAKES: readonly Misconfiguration<ServerWorld>[] = [
  {
    mistake: 'The host has another name',
    config: () => ({ host: 'db.invalid' }),
    message: 'host "db.invalid" is unknown. Check the host name.',
  },
  {
    mistake: 'No server listens on that port',
    config: ({ closedPort }) => ({ port: closedPort }),
    message:
      'connection to "HOST", port CLOSED, was refused. Check host and port, and that the server runs and accepts TCP connections (listen_addresses).',
  },
  {
    mistake: 'A firewall drops the packets to the server',
    config: ({ silentPort }) => ({ port: silentPort, ssl_mode: 'require', connect_timeout: 1 }),
    message:
      '"HOST", port SILENT, did not answer within 1 s. Check host, port and firewall, or raise connect_timeout.',
  },
  {
    mistake: 'The password is wrong',
    config: () => ({ password: SECRET }),
    message: 'password authentication failed for user "postgres". Check username and password.',
  },
  {
    mistake: 'The config has no password',
    config: () => ({ password: '' }),
    message:
      'the server requires a password for user "postgres", and the config has none. Set password.',
  },
  {
    mistake: 'The user does not exist',
    config: () => ({ username: 'nobody_here', password: SECRET }),
    message: 'password authentication failed for user "nobody_here". Check username and password.',
  },
  {
    mistake: 'The database does not exist',
    config: () => ({ database: 'no_such_shop' }),
    message: 'database "no_such_shop" does not exist. Check database.',
  },
]
