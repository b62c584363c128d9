import type { TunnelConfig } from '../../../config/config.ts'
import type { SshHostKey } from '../../../config/ssh-host-key.ts'
import { elapsedSeconds, TimeoutError } from '../deadline.ts'
import { ConnectorError, errorCode, type FailureType } from '../../../errors.ts'

/** Config of an SSH tunnel. */
export type SshConfig = Exclude<TunnelConfig, { readonly method: 'NO_TUNNEL' }>

type Explain = (ssh: SshConfig, error: unknown) => string

/** https://www.rfc-editor.org/rfc/rfc4254#section-5.1 */
const CONNECT_FAILED = 2

/** Explanation and remedy by Node.js code, or by the part of ssh2 in which an error occurred. */
const EXPLANATIONS: Readonly<Record<string, { type: FailureType; explain: Explain }>> = {
  ECONNREFUSED: {
    type: 'config_error',
    explain: ({ host, port }) =>
      `connection to "${host}", port ${port}, was refused. Check tunnel_host and tunnel_port.`,
  },
  ENOTFOUND: {
    type: 'config_error',
    explain: ({ host }) => `host "${host}" is unknown. Check tunnel_host.`,
  },
  EAI_AGAIN: {
    type: 'transient_error',
    explain: ({ host }) =>
      `host "${host}" could not be looked up: DNS reports a temporary failure. Check DNS and try again.`,
  },
  ETIMEDOUT: {
    type: 'config_error',
    explain: ({ host, port }, error) =>
      `"${host}", port ${port}, did not answer${within(error)}. Check tunnel_host, tunnel_port and firewall, or raise connect_timeout.`,
  },
  EHOSTUNREACH: {
    type: 'config_error',
    explain: ({ host }) => `host "${host}" cannot be reached. Check the network and tunnel_host.`,
  },
  'client-authentication': {
    type: 'config_error',
    explain: ({ host, user, method }) =>
      method === 'SSH_KEY_AUTH'
        ? `"${host}" rejected user "${user}" with ssh_key. Check tunnel_user, and that authorized_keys of that user has the public part of the key.`
        : `"${host}" rejected user "${user}" with tunnel_user_password. Check tunnel_user and the password, and that the server allows passwords.`,
  },
  protocol: {
    type: 'config_error',
    explain: ({ host, port }) =>
      `"${host}", port ${port}, did not answer as an SSH server. Check tunnel_host and tunnel_port.`,
  },
  handshake: {
    type: 'config_error',
    explain: ({ host }) =>
      `"${host}" has no algorithm in common with the connector. Allow a current one on that server (KexAlgorithms, Ciphers, HostKeyAlgorithms).`,
  },
  ECONNRESET: {
    type: 'transient_error',
    explain: ({ host, port }) =>
      `"${host}", port ${port}, closed the connection. Check that it is an SSH server, and try again.`,
  },
}

/**
 * Error of the connection to the SSH server, as opposed to the database, with its cause and remedy.
 */
export function tunnelError(error: unknown, ssh: SshConfig): ConnectorError {
  if (error instanceof ConnectorError) return error
  const known = EXPLANATIONS[errorCode(error) ?? ''] ?? EXPLANATIONS[memberOf(error, 'level')]
  const { type, explain } = known ?? EXPLANATIONS['ECONNRESET']!
  return new ConnectorError(type, `SSH tunnel: ${explain(ssh, error)}`, { cause: error })
}

/** Error for a server that has none of the keys in tunnel_host_key. */
export function hostKeyError({ host, port }: SshConfig, key: SshHostKey): ConnectorError {
  const message = `SSH tunnel: the host key of "${host}", port ${port}, is ${key.fingerprint} (${key.type}), which is not in tunnel_host_key. Verify the key with the administrator of that server, then add it.`
  return new ConnectorError('config_error', message)
}

/** Error for a prompt that does not ask for the password, such as one for a one-time code. */
export function promptError({ host, user }: SshConfig): ConnectorError {
  const message = `SSH tunnel: "${host}" requires more than a password of user "${user}", such as a one-time code. Allow this user to log in with a key or a password alone.`
  return new ConnectorError('config_error', message)
}

/**
 * Error if the SSH server did not forward to the database: it is not allowed to, or the database
 * does not accept connections.
 */
export function forwardingError(
  error: unknown,
  ssh: SshConfig,
  { host, port }: { readonly host: string; readonly port: number },
): ConnectorError {
  const target = `"${host}", port ${port}`
  const message =
    Object(error).reason === CONNECT_FAILED || errorCode(error) === 'ETIMEDOUT'
      ? `The SSH tunnel to "${ssh.host}" is up, but from there ${target}, cannot be reached. The SSH server connects to this host and port: check them, and that PostgreSQL runs there.`
      : `SSH tunnel: "${ssh.host}" does not forward user "${ssh.user}" to ${target}. Allow it there (AllowTcpForwarding, PermitOpen).`
  // The error is the same while the database restarts, so this code is one that is retried
  const cause = Object.assign(new Error('forwarding failed', { cause: error }), {
    code: 'ECONNREFUSED',
  })
  return new ConnectorError('config_error', message, { cause })
}

function within(error: unknown): string {
  return error instanceof TimeoutError ? ` within ${elapsedSeconds(error, 0)} s` : ''
}

function memberOf(value: unknown, name: string): string {
  const member: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : ''
  return typeof member === 'string' ? member : ''
}
