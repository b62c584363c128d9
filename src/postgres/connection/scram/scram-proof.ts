import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

const HASH = 'sha256'
const KEY_BYTES = 32

/** The messages of a SCRAM exchange that its proof covers. */
export interface ScramExchange {
  /** Without the header of channel binding. */
  readonly clientFirst: string
  readonly serverFirst: string
  readonly clientFinalWithoutProof: string
}

/** In base64: what each side can compute only from the password, or from what is derived of it. */
export interface ScramProof {
  readonly clientProof: string
  readonly serverSignature: string
}

/**
 * SCRAM-SHA-256 with the bytes of `password` in UTF-8, without any normalization.
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
