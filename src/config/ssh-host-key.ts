import { createHash } from 'node:crypto'

/** A key by which an SSH server may identify itself. */
export interface SshHostKey {
  /** Such as `ssh-ed25519`; null: unknown, because only the fingerprint is given. */
  readonly type: string | null
  /** As OpenSSH prints it: `SHA256:` and base64 without padding. */
  readonly fingerprint: string
}

const FINGERPRINT = /(?:^|\s)(SHA256:[A-Za-z0-9+/]{43})=?(?:\s|$)/
const PUBLIC_KEY = /(?:^|\s)((?:ssh|ecdsa)-[a-z0-9-]+)\s+([A-Za-z0-9+/]+={0,2})(?:\s|$)/

/**
 * The keys in `text`: a line each, as a public key (also with a host in front or a comment behind, as in known_hosts and
 * from ssh-keyscan) or as a SHA256 fingerprint (also as `ssh-keygen -l` prints it). Null: a line is neither.
 */
export function parseSshHostKeys(text: string): readonly SshHostKey[] | null {
  const lines = text.split('\n').map((line) => line.trim())
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#')).map(parseLine)
  return keys.every((key) => key !== null) ? keys : null
}

/** The key whose bytes, as in a public key, an SSH server has sent. */
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

/** Its first field, behind a length; null: there is none. */
function typeOf(bytes: Buffer): string | null {
  const end = bytes.length < 4 ? Infinity : 4 + bytes.readUInt32BE(0)
  return end < bytes.length ? bytes.toString('latin1', 4, end) : null
}
