import { expect } from 'chai'
import { parseConfig } from '../../../../src/config/parse-config.ts'
import { Database } from '../../../../src/postgres/session/database.ts'
import { withConnector } from '../../../helpers/connector.ts'
import { describeWith } from '../programs.ts'
import { createTlsWorld, SCRAM_PASSWORD, SECRET, type TlsWorld } from '../tls/tls-world.ts'
import { type Answer, TokenEndpoint } from './token-endpoint.ts'

const CLIENT_SECRET = `${SECRET}-client`
const PREFIX = 'Microsoft Entra: '

/** An error of the security token service, with a description that holds what no output may. */
function refusal(code: number): Answer {
  const description = `AADSTS${code}: ${CLIENT_SECRET}`
  return { status: 400, body: { error: 'x', error_description: description, error_codes: [code] } }
}

/** To the server, a token is the password of a role. */
function token(expiresIn: number, text = SCRAM_PASSWORD): Answer {
  return { body: { token_type: 'Bearer', access_token: text, expires_in: expiresIn } }
}

describeWith(['/usr/bin/openssl'], 'logging in with a token of Microsoft Entra', () => {
  let world: TlsWorld
  before(async () => {
    world = await createTlsWorld()
    await world.serve('good')
    await world.server.query('CREATE TABLE t (a int); GRANT SELECT ON t TO scram')
  })
  after(async () => await world[Symbol.asyncDispose]())

  function rawConfig(): Record<string, unknown> {
    const { host, port, database } = world.server.connectionConfig()
    const entra = {
      entra_service_principal_auth: true,
      entra_tenant_id: 'a-tenant',
      entra_client_id: 'a-client',
    }
    return { host, port, database, username: 'scram', password: CLIENT_SECRET, ...entra }
  }

  async function connect(endpoint: TokenEndpoint, extra = {}): Promise<Database> {
    const { config } = parseConfig({ ...rawConfig(), ...extra })
    return await Database.connect(config, { environment: endpoint.environment })
  }

  it('the token for the client secret is the password', async () => {
    await using endpoint = await TokenEndpoint.start(token(3599))
    await using connector = await withConnector(rawConfig())
    const { connectionStatus } = await connector.check({ env: endpoint.environment })
    expect(connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
    expect(endpoint.requests).to.deep.equal([
      {
        path: '/a-tenant/oauth2/v2.0/token',
        form: {
          grant_type: 'client_credentials',
          client_id: 'a-client',
          client_secret: CLIENT_SECRET,
          scope: 'https://ossrdbms-aad.database.windows.net/.default',
        },
      },
    ])
  })

  it('one token serves all connections while it is valid', async () => {
    await using endpoint = await TokenEndpoint.start(token(3599))
    await using database = await connect(endpoint, { min_connections: 4 })
    expect(database.figures().size).to.equal(4)
    expect(endpoint.requests).to.have.length(1)
  })

  it('is renewed for connections that are opened later', async () => {
    await using endpoint = await TokenEndpoint.start(token(60))
    await using database = await connect(endpoint)
    expect(endpoint.requests).to.have.length(1)
    const first = await database.acquire()
    const renewed = `${SCRAM_PASSWORD}-renewed`
    endpoint.answers = [token(60, renewed)]
    await world.server.query(`ALTER ROLE scram PASSWORD '${renewed}'`)
    try {
      const second = await database.acquire()
      expect((await second.query('SELECT 1 AS one')).rows).to.deep.equal([{ one: 1 }])
      second.release()
      expect(endpoint.requests).to.have.length(2)
    } finally {
      first.release()
      await world.server.query(`ALTER ROLE scram PASSWORD '${SCRAM_PASSWORD}'`)
    }
  })

  for (const [what, answer, message] of [
    [
      'the tenant is unknown',
      refusal(90002),
      `${PREFIX}there is no tenant "a-tenant". Check entra_tenant_id.`,
    ],
    [
      'the application is unknown',
      refusal(700016),
      `${PREFIX}tenant "a-tenant" has no application "a-client". Check entra_client_id and entra_tenant_id.`,
    ],
    [
      'the secret is wrong',
      refusal(7000215),
      `${PREFIX}password is not a client secret of application "a-client". Give the value of the secret, not its ID.`,
    ],
    [
      'the secret has expired',
      refusal(7000222),
      `${PREFIX}the client secret of application "a-client" has expired. Make a new one and give it as password.`,
    ],
    [
      'there is another reason',
      refusal(53003),
      `${PREFIX}no token for the service principal (AADSTS53003). Check entra_tenant_id, entra_client_id and password, the client secret.`,
    ],
    [
      'something else answers',
      { body: '<html>Sign in to the proxy</html>' },
      `${PREFIX}"ENDPOINT" does not answer like Microsoft Entra (HTTP 200). Check AZURE_AUTHORITY_HOST, and proxies on the way.`,
    ],
    [
      'the service is down',
      { status: 503, body: 'Service Unavailable' },
      `${PREFIX}"ENDPOINT" gives no token just now (HTTP 503). Try again.`,
    ],
    [
      'the server does not accept the token',
      token(3599, 'of-nobody'),
      'Microsoft Entra gave a token, but the server does not accept it for user "scram". Check that username is the name under which the service principal is a role of the server, and that the server allows Microsoft Entra authentication.',
    ],
  ] as const) {
    it(`${what} → the error names the step`, async () => {
      await using endpoint = await TokenEndpoint.start(answer)
      const { environment } = endpoint
      await using connector = await withConnector(rawConfig())
      const run = await connector.check({ env: environment })
      const { host } = new URL(environment.AZURE_AUTHORITY_HOST)
      const expected = `Could not connect with provided configuration. Error: Failed to create connection pool: ${message.replace('ENDPOINT', host)}`
      expect(run.connectionStatus).to.deep.equal({ status: 'FAILED', message: expected })
      expect(run.stdout + run.stderr).not.to.include(SECRET)
    })
  }

  it('the service is down for a moment: the request is repeated', async () => {
    await using endpoint = await TokenEndpoint.start({ status: 503, body: '' }, token(3599))
    await using database = await connect(endpoint)
    expect(await database.query('SELECT 1 AS one')).to.deep.equal([{ one: 1 }])
    expect(endpoint.requests).to.have.length(2)
  })

  it('the service cannot be reached → the error names the step', async () => {
    const endpoint = await TokenEndpoint.start(token(3599))
    const { environment } = endpoint
    await endpoint[Symbol.asyncDispose]()
    await using connector = await withConnector(rawConfig())
    const run = await connector.check({ env: environment })
    expect(run.connectionStatus?.message).to.match(
      /Microsoft Entra: "127\.0\.0\.1:\d+" cannot be reached for a token \(ECONNREFUSED\)\. Check the network/,
    )
  })
})
