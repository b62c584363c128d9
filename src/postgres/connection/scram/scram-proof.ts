import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

const HASH = 'sha256'
const KEY_BYTES = 32

/** Messages of a SCRAM exchange that are covered by its proof. */
export interface ScramExchange {
  /** Without the channel-binding header. */
  readonly clientFirst: string
  readonly serverFirst: string
  readonly clientFinalWithoutProof: string
}

/** In base64: what each side can compute only with the password, or with keys derived from it. */
export interface ScramProof {
  readonly clientProof: string
  readonly serverSignature: string
}

/**
 * Computes SCRAM-SHA-256 with the UTF-8 bytes of `password`, without normalization.
 * https://www.rfc-editor.org/rfc/rfc5802#section-3
 */
export function proveScram(password: string, exchange: ScramExchange): ScramProof {
  const { clientFirst, serverFirst, clientFinalWithoutProof } = exchange
  const [, salt = '', iterations = ''] = /,s=([^,]+),i=(\d+)/.exec(serverFirst) ?? []
  const saltBytes = Buffer.from(salt, 'base64')
  const salted = pbkdf2Sync(password, saltBytes, Number(iterations), KEY_BYTES, HASH)
  const authMessage = `${clientFirst},${serverFirst},${clientFinalWithoutProof}`
  const clientKey = hmac(salted, 'Client Key')
  const signature = hmac(createHash(HASH).update(clientKey).digest(), authMessage)
  const proof = clientKey.map((byte, index) => byte ^ signature[index]!)
  return {
    clientProof: Buffer.from(proof).toString('base64'),
    serverSignature: hmac(hmac(salted, 'Server Key'), authMessage).toString('base64'),
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac(HASH, key).update(text).digest()
}
