import { Server } from '../../../helpers/server.ts'
import { Authority, type Credential } from './certificates.ts'

/** Part of every secret of these tests. No output may contain it. */
export const SECRET = 's3cr3t'
/** Password of the encrypted client key. */
export const KEY_PASSWORD = `${SECRET}-key`
/** Password of the role that must authenticate by SCRAM. */
export const SCRAM_PASSWORD = `${SECRET}-scram`

const HBA = [
  'hostssl all only_tls 127.0.0.1/32 trust',
  'hostnossl all only_plain 127.0.0.1/32 trust',
  'hostssl all certified 127.0.0.1/32 cert',
  'hostssl all scram 127.0.0.1/32 scram-sha-256',
  'host all only_tls,only_plain,certified,scram 127.0.0.1/32 reject',
]

export type CertificateName = 'good' | 'wrongName' | 'expired' | 'selfSigned'

/**
 * A server with certificates of every kind, users by their authentication method, and authorities.
 */
export interface TlsWorld extends AsyncDisposable {
  readonly server: Server
  readonly authority: Authority
  readonly other: Authority
  /** Client certificates of the user `certified`. */
  readonly clients: Readonly<Record<'good' | 'stranger' | 'expired' | 'locked', Credential>>
  /** Restarts the server with a certificate; null: without TLS. */
  serve(certificate: CertificateName | null): Promise<void>
}

/** Starts a server without TLS. */
export async function createTlsWorld(): Promise<TlsWorld> {
  const authority = await Authority.create('Right Authority')
  const other = await Authority.create('Other Authority')
  const files = { 'ca.crt': authority.certificate, ...(await serverFiles(authority)) }
  const server = await Server.start({ files, hba: HBA, settings: { ssl_ca_file: 'ca.crt' } })
  await server.query('CREATE ROLE only_tls LOGIN; CREATE ROLE only_plain LOGIN')
  await server.query(
    `CREATE ROLE certified LOGIN; CREATE ROLE scram LOGIN PASSWORD '${SCRAM_PASSWORD}'`,
  )
  const good = await authority.issue('client', { commonName: 'certified' })
  const clients = {
    good,
    stranger: await other.issue('client', { commonName: 'certified' }),
    expired: await authority.issue('late', { commonName: 'certified', isExpired: true }),
    locked: await authority.encrypt(good, KEY_PASSWORD),
  }
  const dispose = async (): Promise<void> => {
    for (const part of [server, authority, other]) await part[Symbol.asyncDispose]()
  }
  const serve = restarter(server)
  return { server, authority, other, clients, serve, [Symbol.asyncDispose]: dispose }
}

async function serverFiles(authority: Authority): Promise<Record<string, string>> {
  const names = 'IP:127.0.0.1,DNS:localhost'
  const lonely = await Authority.create('Lonely Server')
  const certificates = {
    good: await authority.issue('good', { commonName: 'server', names }),
    wrongName: await authority.issue('wrong', {
      commonName: 'db.example',
      names: 'DNS:db.example',
    }),
    expired: await authority.issue('old', { commonName: 'server', names, isExpired: true }),
    selfSigned: await lonely.itself(),
  }
  await lonely[Symbol.asyncDispose]()
  const files: Record<string, string> = {}
  for (const [name, { certificate, key }] of Object.entries(certificates)) {
    files[`${name}.crt`] = certificate
    files[`${name}.key`] = key
  }
  return files
}

function restarter(server: Server): TlsWorld['serve'] {
  let served: CertificateName | null = null
  return async (certificate) => {
    if (certificate === served) return
    served = certificate
    const files = { ssl_cert_file: `${certificate}.crt`, ssl_key_file: `${certificate}.key` }
    const settings = certificate === null ? { ssl: 'off' } : { ssl: 'on', ...files }
    await server.restart({ settings })
  }
}
