import { createHash } from 'node:crypto'

/** A public key of an SSH server. */
export interface SshHostKey {
  /** Such as `ssh-ed25519`; null: unknown, because only the fingerprint is given. */
  readonly type: string | null
  /** In the format of OpenSSH: `SHA256:` and base64 without padding. */
  readonly fingerprint: string
}

const FINGERPRINT = /(?:^|\s)(SHA256:[A-Za-z0-9+/]{43})=?(?:\s|$)/
const PUBLIC_KEY = /(?:^|\s)((?:ssh|ecdsa)-[a-z0-9-]+)\s+([A-Za-z0-9+/]+={0,2})(?:\s|$)/

/**
 * Parses one key per line: a public key (also with a host before it or a comment after it, as in
 * known_hosts and in the output of ssh-keyscan) or a SHA256 fingerprint (also in the format of
 * `ssh-keygen -l`). Null: a line is neither.
 */
export function parseSshHostKeys(text: string): readonly SshHostKey[] | null {
  const lines = text.split('\n').map((line) => line.trim())
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#')).map(parseLine)
  return keys.every((key) => key !== null) ? keys : null
}

/** Returns the key that an SSH server has sent in its binary form. */
export function sshHostKeyOf(bytes: Buffer): SshHostKey {
  const hash = createHash('sha256').update(bytes).digest('base64').replace(/=$/, '')
  return { type: typeOf(bytes), fingerprint: `SHA256:${hash}` }
}

function parseLine(line: string): SshHostKey | null {
  const [, fingerprint] = FINGERPRINT.exec(line) ?? []
  if (fingerprint !== undefined) return { type: null, fingerprint }
  const [, type, base64 = ''] = PUBLIC_KEY.exec(line) ?? []
  const key = sshHostKeyOf(Buffer.from(base64, 'base64'))
  return type !== undefined && key.type === type ? key : null
}

/** Type of the key, which is its first field; null: malformed. */
function typeOf(bytes: Buffer): string | null {
  const end = bytes.length < 4 ? Infinity : 4 + bytes.readUInt32BE(0)
  return end < bytes.length ? bytes.toString('latin1', 4, end) : null
}
