import { expect } from 'chai'
import { parseConfig } from '../../../../src/config/parse-config.ts'
import { Database } from '../../../../src/postgres/session/database.ts'
import type { Authority } from './certificates.ts'
import { connectWithPsql, type Outcome, ENCRYPTION_SQL } from './psql.ts'
import { describeWith, isInstalled } from '../programs.ts'
import { type CertificateName, createTlsWorld, type TlsWorld } from './tls-world.ts'

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
type Mode = (typeof MODES)[number]

/** A row of the matrix; its outcomes are in the order of `MODES`. */
interface Situation {
  readonly name: string
  /** Certificate of the server; null: it does not support TLS. */
  readonly certificate: CertificateName | null
  readonly ca: 'right' | 'other' | null
  readonly client?: 'good' | 'stranger'
  readonly user?: string
  readonly outcomes: string
}

const SITUATIONS: readonly Situation[] = [
  {
    name: 'a server without TLS',
    certificate: null,
    ca: 'right',
    outcomes: 'plain plain plain refused refused refused',
  },
  {
    name: 'a good certificate',
    certificate: 'good',
    ca: 'right',
    outcomes: 'plain plain TLS TLS TLS TLS',
  },
  {
    name: 'a good certificate, no CA in the config',
    certificate: 'good',
    ca: null,
    outcomes: 'plain plain TLS TLS refused refused',
  },
  {
    name: 'a good certificate, another CA in the config',
    certificate: 'good',
    ca: 'other',
    outcomes: 'plain plain plain refused refused refused',
  },
  {
    name: 'a user who must come with TLS',
    certificate: 'good',
    ca: 'right',
    user: 'only_tls',
    outcomes: 'refused TLS TLS TLS TLS TLS',
  },
  {
    name: 'a user who must come without TLS',
    certificate: 'good',
    ca: 'right',
    user: 'only_plain',
    outcomes: 'plain plain plain refused refused refused',
  },
  {
    name: 'a client certificate is required and given',
    certificate: 'good',
    ca: 'right',
    client: 'good',
    user: 'certified',
    outcomes: 'refused TLS TLS TLS TLS TLS',
  },
  {
    name: 'a client certificate is required and given, no CA in the config',
    certificate: 'good',
    ca: null,
    client: 'good',
    user: 'certified',
    outcomes: 'refused TLS TLS TLS refused refused',
  },
  {
    name: 'a client certificate is required and missing',
    certificate: 'good',
    ca: 'right',
    user: 'certified',
    outcomes: 'refused refused refused refused refused refused',
  },
  {
    name: 'a client certificate is required, and a stranger signed the one given',
    certificate: 'good',
    ca: 'right',
    client: 'stranger',
    user: 'certified',
    outcomes: 'refused refused refused refused refused refused',
  },
  {
    name: 'a certificate for another name',
    certificate: 'wrongName',
    ca: 'right',
    outcomes: 'plain plain TLS TLS TLS refused',
  },
  {
    name: 'an expired certificate',
    certificate: 'expired',
    ca: 'right',
    outcomes: 'plain plain plain refused refused refused',
  },
  {
    name: 'an expired certificate, no CA in the config',
    certificate: 'expired',
    ca: null,
    outcomes: 'plain plain TLS TLS refused refused',
  },
]

describeWith(['/usr/bin/openssl'], 'sslmode × server × certificates', () => {
  let world: TlsWorld

  before(async () => {
    world = await createTlsWorld()
  })
  after(async () => await world[Symbol.asyncDispose]())

  for (const situation of SITUATIONS) {
    it(`${situation.name} → ${situation.outcomes}`, async () => {
      await world.serve(situation.certificate)
      const outcomes = MODES.map(async (mode) => await connect(world, situation, mode))
      expect((await Promise.all(outcomes)).join(' ')).to.equal(situation.outcomes)
    })

    if (isInstalled('/usr/bin/psql')) {
      it(`${situation.name} → psql has the same result`, async () => {
        const theirs = MODES.map(async (mode) => await askLibpq(world, situation, mode))
        expect((await Promise.all(theirs)).join(' ')).to.equal(situation.outcomes)
      })
    }
  }

  if (!isInstalled('/usr/bin/psql')) {
    it('NOT COMPARED with psql, because /usr/bin/psql is missing (Debian package postgresql-client)', () =>
      undefined)
  }
})

async function connect(world: TlsWorld, situation: Situation, mode: Mode): Promise<Outcome> {
  const { host, port, database, user, password } = world.server.connectionConfig()
  const client = situation.client === undefined ? null : world.clients[situation.client]
  const ca = caOf(world, situation)
  const ssl = {
    mode,
    ...(ca !== null && { ca_certificate: ca.certificate }),
    ...(client !== null && { client_certificate: client.certificate, client_key: client.key }),
  }
  const username = situation.user ?? user
  try {
    const { config } = parseConfig({ host, port, database, username, password, ssl_mode: ssl })
    await using connected = await Database.connect(config)
    const [row] = await connected.query<{ ssl: boolean }>(ENCRYPTION_SQL)
    return row?.ssl === true ? 'TLS' : 'plain'
  } catch {
    return 'refused'
  }
}

async function askLibpq(world: TlsWorld, situation: Situation, mode: Mode): Promise<Outcome> {
  const { host, port, database, user, password } = world.server.connectionConfig()
  const client = situation.client === undefined ? null : world.clients[situation.client]
  const home = await world.authority.emptyHome()
  return await connectWithPsql({
    HOME: home,
    PGHOST: host,
    PGPORT: String(port),
    PGDATABASE: database,
    PGUSER: situation.user ?? user,
    PGPASSWORD: password,
    PGSSLMODE: mode,
    PGSSLROOTCERT: caOf(world, situation)?.certificateFile ?? `${home}/no.crt`,
    PGSSLCERT: client?.certificateFile ?? `${home}/no.crt`,
    PGSSLKEY: client?.keyFile ?? `${home}/no.key`,
  })
}

function caOf({ authority, other }: TlsWorld, { ca }: Situation): Authority | null {
  if (ca === null) return null
  return ca === 'right' ? authority : other
}
