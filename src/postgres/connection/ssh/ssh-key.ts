import { createPrivateKey, type KeyObject } from 'node:crypto'
import { ConnectorError } from '../../../errors.ts'

const OPENSSH = '-----BEGIN OPENSSH PRIVATE KEY-----'
const PEM = /-----BEGIN ([A-Z0-9]+ )?PRIVATE KEY-----/
const MAGIC = Buffer.from('openssh-key-v1\0', 'latin1')
const ED25519 = 'ssh-ed25519'
/** Block size to which the private part of an unencrypted key is padded. */
const BLOCK_BYTES = 8

/** Returns the error with which a key is rejected; null: none. */
export type KeyTrial = (key: string, passphrase: string | null) => Error | null

/**
 * Converts `text`, a private key in OpenSSH's format or a PEM format (PKCS#1, SEC 1, PKCS#8), to a
 * form that ssh2 supports. PEM is decrypted. Line feeds written as `\n` become line feeds.
 * @throws ConnectorError config_error with the problem of the key.
 */
export function readableKey(text: string, passphrase: string | null, trial: KeyTrial): string {
  const key = `${text.replaceAll('\\n', '\n').trim()}\n`
  if (key.startsWith(OPENSSH)) {
    if (trial(key, passphrase) === null) return key
    throw unusable(isEncryptedOpenSsh(key), passphrase)
  }
  if (!PEM.test(key)) throw unusable(false, passphrase)
  return openedPem(key, passphrase)
}

function openedPem(key: string, passphrase: string | null): string {
  let opened: KeyObject
  try {
    opened = createPrivateKey({ key, ...(passphrase !== null && { passphrase }) })
  } catch {
    throw unusable(key.includes('ENCRYPTED'), passphrase)
  }
  const type = opened.asymmetricKeyType
  if (type === 'rsa') return String(opened.export({ type: 'pkcs1', format: 'pem' }))
  if (type === 'ec') return String(opened.export({ type: 'sec1', format: 'pem' }))
  if (type === 'ed25519') return openSshText(opened)
  throw new ConnectorError('config_error', 'SSH tunnel: ssh_key must be an RSA, EC or Ed25519 key.')
}

/** https://github.com/openssh/openssh-portable/blob/V_9_2_P1/PROTOCOL.key */
function openSshText(key: KeyObject): string {
  const { x = '', d = '' } = key.export({ format: 'jwk' })
  const point = Buffer.from(x, 'base64url')
  const publicPart = Buffer.concat([lengthFirst(ED25519), lengthFirst(point)])
  const secret = lengthFirst(Buffer.concat([Buffer.from(d, 'base64url'), point]))
  const checks = Buffer.alloc(8)
  const privatePart = Buffer.concat([checks, publicPart, secret, lengthFirst('')])
  const filling = (BLOCK_BYTES - (privatePart.length % BLOCK_BYTES)) % BLOCK_BYTES
  const filled = Buffer.concat([privatePart, Buffer.from(Array.from({ length: filling }, plusOne))])
  const one = Buffer.from([0, 0, 0, 1])
  const head = [MAGIC, lengthFirst('none'), lengthFirst('none'), lengthFirst(''), one]
  const bytes = Buffer.concat([...head, lengthFirst(publicPart), lengthFirst(filled)])
  const lines = bytes.toString('base64').replaceAll(/.{70}/g, '$&\n')
  return `${OPENSSH}\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`
}

function plusOne(_: unknown, index: number): number {
  return index + 1
}

function lengthFirst(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function isEncryptedOpenSsh(key: string): boolean {
  const bytes = Buffer.from(key.replaceAll(/-----[^-]+-----/g, ''), 'base64')
  const cipher = MAGIC.length + 4
  return bytes.length > cipher && bytes.toString('latin1', cipher, cipher + 4) !== 'none'
}

function unusable(isEncrypted: boolean, passphrase: string | null): ConnectorError {
  const fault = isEncrypted
    ? passphrase === null
      ? 'ssh_key is encrypted, and the config has no passphrase for it. Set ssh_key_passphrase.'
      : 'ssh_key cannot be opened with ssh_key_passphrase. Set it to the passphrase of this key.'
    : 'ssh_key is not a private key in PEM or OpenSSH format. Copy the whole text of the key.'
  return new ConnectorError('config_error', `SSH tunnel: ${fault}`)
}
