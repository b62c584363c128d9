import type { Json, Misconfiguration } from './misconfigurations.ts'
import type { SshServer } from './ssh/ssh-server.ts'
import { SECRET } from './tls/tls-world.ts'

/** SSH servers, keys, and ports of other programs. */
export interface SshWorld {
  readonly server: SshServer
  /** Accepts the same users as `server`, and does not allow forwarding. */
  readonly strict: SshServer
  /** A key that `server` accepts, and one that it rejects. */
  readonly key: string
  readonly strange: string
  /** A host key of `strict`, and the fingerprint of that of `server`. */
  readonly strangeHostKey: string
  readonly fingerprint: string
  /** An encrypted key. */
  readonly locked: string
  /** A port on which no program listens. */
  readonly closedPort: number
  /** A port of a program that sends nothing. */
  readonly silentPort: number
  readonly postgresPort: number
}

export const SSH_MISTAKES: readonly Misconfiguration<SshWorld>[] = [
  {
    mistake: 'The SSH server has another name',
    config: (world) => tunnel(world, { tunnel_host: 'bastion.invalid' }),
    message: 'SSH tunnel: host "bastion.invalid" is unknown. Check tunnel_host.',
  },
  {
    mistake: 'No SSH server listens on that port',
    config: (world) => tunnel(world, { tunnel_port: world.closedPort }),
    message:
      'SSH tunnel: connection to "127.0.0.1", port CLOSED, was refused. Check tunnel_host and tunnel_port.',
  },
  {
    mistake: 'Something else listens on that port',
    config: (world) => tunnel(world, { tunnel_port: world.postgresPort }),
    message:
      'SSH tunnel: "127.0.0.1", port PORT, did not answer as an SSH server. Check tunnel_host and tunnel_port.',
  },
  {
    mistake: 'A firewall drops the packets to the SSH server',
    config: (world) => ({
      ...tunnel(world, { tunnel_port: world.silentPort }),
      connect_timeout: 1,
    }),
    message:
      'SSH tunnel: "127.0.0.1", port SILENT, did not answer within 1 s. Check tunnel_host, tunnel_port and firewall, or raise connect_timeout.',
  },
  {
    mistake: 'The SSH server has another host key',
    config: (world) => tunnel(world, { tunnel_host_key: world.strangeHostKey }),
    message:
      'SSH tunnel: the host key of "127.0.0.1", port SSHPORT, is FINGERPRINT (ssh-ed25519), which is not in tunnel_host_key. Verify the key with the administrator of that server, then add it.',
  },
  {
    mistake: 'The SSH server does not accept the key',
    config: (world) => tunnel(world, { ssh_key: world.strange }),
    message:
      'SSH tunnel: "127.0.0.1" rejected user "USER" with ssh_key. Check tunnel_user, and that authorized_keys of that user has the public part of the key.',
  },
  {
    mistake: 'The SSH server accepts no passwords, or not this one',
    config: (world) => ({
      tunnel_method: {
        tunnel_method: 'SSH_PASSWORD_AUTH',
        tunnel_host: '127.0.0.1',
        tunnel_port: world.server.port,
        tunnel_user: world.server.user,
        tunnel_user_password: SECRET,
      },
    }),
    message:
      'SSH tunnel: "127.0.0.1" rejected user "USER" with tunnel_user_password. Check tunnel_user and the password, and that the server allows passwords.',
  },
  {
    mistake: 'ssh_key is a file name, or incomplete',
    config: (world) => tunnel(world, { ssh_key: `/home/me/.ssh/${SECRET}` }),
    message:
      'SSH tunnel: ssh_key is not a private key in PEM or OpenSSH format. Copy the whole text of the key.',
  },
  {
    mistake: 'ssh_key is encrypted, and there is no ssh_key_passphrase',
    config: (world) => tunnel(world, { ssh_key: world.locked }),
    message:
      'SSH tunnel: ssh_key is encrypted, and the config has no passphrase for it. Set ssh_key_passphrase.',
  },
  {
    mistake: 'ssh_key_passphrase is wrong',
    config: (world) =>
      tunnel(world, { ssh_key: world.locked, ssh_key_passphrase: `${SECRET}-wrong` }),
    message:
      'SSH tunnel: ssh_key cannot be opened with ssh_key_passphrase. Set it to the passphrase of this key.',
  },
  {
    mistake: 'The SSH server forbids forwarding',
    config: (world) => tunnel(world, { tunnel_port: world.strict.port }),
    message:
      'SSH tunnel: "127.0.0.1" does not forward user "USER" to "HOST", port PORT. Allow it there (AllowTcpForwarding, PermitOpen).',
  },
  {
    mistake: 'The database is not where the SSH server looks for it',
    config: (world) => ({ ...tunnel(world), port: world.closedPort }),
    message:
      'The SSH tunnel to "127.0.0.1" is up, but from there "HOST", port CLOSED, cannot be reached. The SSH server connects to this host and port: check them, and that PostgreSQL runs there.',
  },
]

function tunnel(world: SshWorld, extra: Json = {}): Json {
  const { port, user } = world.server
  const server = { tunnel_host: '127.0.0.1', tunnel_port: port, tunnel_user: user }
  const method = { tunnel_method: 'SSH_KEY_AUTH', ...server, ssh_key: world.key, ...extra }
  return { tunnel_method: method }
}
