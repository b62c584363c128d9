import { expect } from 'chai'
import { parseConfig } from '../../../../src/config/parse-config.ts'
import { Database } from '../../../../src/postgres/session/database.ts'
import { withConnector } from '../../../helpers/connector.ts'
import { describeWith } from '../programs.ts'
import { createTlsWorld, SCRAM_PASSWORD, SECRET, type TlsWorld } from '../tls/tls-world.ts'
import { CLIENT_SECRET, ENTRA_MISTAKES, token } from './entra-misconfigurations.ts'
import { TokenEndpoint } from './token-endpoint.ts'

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

  it('the token for the client secret is used as the password', async () => {
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

  it('one token is used for all connections while it is valid', async () => {
    await using endpoint = await TokenEndpoint.start(token(3599))
    await using database = await connect(endpoint, { min_connections: 4 })
    expect(database.figures().size).to.equal(4)
    expect(endpoint.requests).to.have.length(1)
  })

  it('the token is renewed for connections that are opened later', async () => {
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

  for (const { mistake, answer, message } of ENTRA_MISTAKES) {
    it(`${mistake} → the error contains the failed step`, async () => {
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

  it('a temporary failure of the service → the request is retried', async () => {
    await using endpoint = await TokenEndpoint.start({ status: 503, body: '' }, token(3599))
    await using database = await connect(endpoint)
    expect(await database.query('SELECT 1 AS one')).to.deep.equal([{ one: 1 }])
    expect(endpoint.requests).to.have.length(2)
  })

  it('the service is not reachable → the error contains the failed step', async () => {
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
