import { expect } from 'chai'
import { join } from 'node:path'
import { type Connector, type Run, runConnector, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { LoginRole } from '../helpers/login-role.ts'

const PASSWORD = 'pa55-W0RD-4711'
const ROW_VALUE = 'row-value-0815'
const QUERY_TEXT = 'query_text_1234'
/** Matches SQL of the connector or of the user, except the grants that an error recommends. */
const SQL =
  /\bSELECT\b.{1,80}\bFRO?M\b|\bDROP\b|\bWHERE\b|\bCOPY\b|\bBEGIN\b|pg_catalog|pg_class|::/

/** An invalid config: its difference from a valid one, and the expected error. */
interface BadConfig {
  readonly name: string
  readonly config: Readonly<Record<string, unknown>>
  readonly says: string | RegExp
  /** Default: `config_error`. */
  readonly type?: 'transient_error'
}

const BAD_CONFIGS: readonly BadConfig[] = [
  {
    name: 'no user',
    config: { username: undefined },
    says: "Either 'username' or 'user' parameter is required",
  },
  {
    name: 'no database',
    config: { database: undefined },
    says: "Either 'database' or 'dbname' parameter is required",
  },
  {
    name: 'neither',
    config: { database: '', username: undefined },
    says: "Missing required parameters: {'database', 'username'}",
  },
  { name: 'no host', config: { host: undefined }, says: "Parameter 'host' is required" },
  { name: 'port "abc"', config: { port: 'abc' }, says: "Parameter 'port' must be an integer" },
  { name: 'port 5432.5', config: { port: 5432.5 }, says: "Parameter 'port' must be an integer" },
  { name: 'port 0', config: { port: 0 }, says: "Parameter 'port' must be at least 1" },
  { name: 'a host that is a number', config: { host: 5 }, says: "Parameter 'host' must be a text" },
  {
    name: 'schemas that are numbers',
    config: { schemas: [5] },
    says: /Parameter 'schemas[.\d]*' must be a text/,
  },
  {
    name: 'an unknown ssl_mode',
    config: { ssl_mode: { mode: 'perhaps' } },
    says: "Parameter 'ssl_mode.mode' must be one of",
  },
  {
    name: 'an unknown sync_mode',
    config: { sync_mode: 'sometimes' },
    says: "Parameter 'sync_mode' must be one of",
  },
  {
    name: 'incremental without a cursor_field',
    config: { sync_mode: 'incremental' },
    says: 'cursor_field is required for incremental sync_mode',
  },
  {
    name: 'an unknown host',
    config: { host: 'no-such-host.invalid' },
    says: /Failed to create connection pool: host "no-such-host\.invalid" (is unknown|could not be looked up)/,
  },
  {
    name: 'a closed port',
    config: { port: 1 },
    says: 'Failed to create connection pool: connection to "127.0.0.1", port 1, was refused',
  },
  {
    name: 'a wrong password',
    config: { password: `${PASSWORD}-wrong` },
    says: /password authentication failed for user "login_.*"\. Check username and password\./,
  },
  {
    name: 'an unknown user',
    config: { username: 'nobody_at_all' },
    says: 'password authentication failed for user "nobody_at_all"',
  },
  {
    name: 'an unknown database',
    config: { database: 'no_such_db' },
    says: 'database "no_such_db" does not exist',
  },
  {
    name: 'an unknown schema',
    config: { schemas: ['no_such_schema'] },
    says: "The schema 'no_such_schema' does not exist",
  },
  {
    name: 'a schema beside an unknown one',
    config: { schemas: ['public', 'No_Such'] },
    says: "The schema 'No_Such' does not exist",
  },
  {
    name: 'an unknown table',
    config: { table: 'no_such_table' },
    says: 'Table not found: no_such_table in schema public',
  },
  {
    name: 'a table without the SELECT privilege',
    config: { table: 'forbidden' },
    says: /may not read table 'forbidden' in schema 'public'\. Run GRANT SELECT ON "public"\."forbidden" TO "login_/,
  },
  {
    name: 'a schema without the USAGE privilege',
    config: { schemas: ['closed'] },
    says: 'Run GRANT USAGE ON SCHEMA "closed" TO',
  },
  {
    name: 'a query with a syntax error',
    config: { query: `SELECT ${QUERY_TEXT} FRM t` },
    says: "The 'query' parameter is not a single SELECT that only reads",
  },
  {
    name: 'a query of two statements',
    config: { query: `SELECT '${QUERY_TEXT}'; DROP TABLE t` },
    says: "The 'query' parameter is not a single SELECT that only reads",
  },
  {
    name: 'a query of a table that is not there',
    config: { query: 'SELECT a FROM not_there' },
    says: 'relation "not_there" does not exist',
  },
  {
    name: 'a query of a table without the SELECT privilege',
    config: { query: 'SELECT secret FROM forbidden' },
    says: 'permission denied for table forbidden',
  },
  {
    name: 'several problems at once',
    config: { schemas: ['no_such_schema', 'pg_toast'], query: `SELECT ${QUERY_TEXT} FRM t` },
    says: /The schema 'no_such_schema' does not exist.*'pg_toast' cannot be synced.*The 'query' parameter/,
  },
]

function streamOf(name: string, choice: object = {}): object {
  const stream = {
    name,
    namespace: 'public',
    json_schema: {},
    supported_sync_modes: ['full_refresh'],
  }
  return { stream, sync_mode: 'full_refresh', destination_sync_mode: 'append', ...choice }
}

/** Content of a catalog file, or null for a missing file, and the expected error. */
const BAD_CATALOGS: readonly (readonly [name: string, content: unknown, says: string])[] = [
  ['is missing', null, 'does not exist'],
  ['is empty', '', 'is empty'],
  ['is not JSON', `{"streams": [${ROW_VALUE}`, 'is not JSON: see line 1, column 14'],
  ['is a list', [], 'is not a JSON object'],
  ['has no streams', {}, "has no list 'streams'"],
  ['selects nothing', { streams: [] }, 'selects no streams'],
  ['has a stream without a name', { streams: [{ stream: {} }] }, 'a stream without a name'],
  [
    'has an unknown stream',
    { streams: [streamOf('no_such_table')] },
    "Stream 'public.no_such_table' of the catalog is not in database",
  ],
  [
    'has a stream without the SELECT privilege',
    { streams: [streamOf('forbidden')] },
    'may not read it',
  ],
  [
    'has an invalid sync mode',
    { streams: [streamOf('t', { sync_mode: 'INVALID' })] },
    "has an unknown 'sync_mode' in 'public.t'",
  ],
  ['has a stream twice', { streams: [streamOf('t'), streamOf('t')] }, "'public.t' twice"],
  [
    'has two unknown streams',
    { streams: [streamOf('gone_1'), streamOf('gone_2')] },
    "Stream 'public.gone_2' of the catalog is not in database",
  ],
]

const BAD_STATES: readonly (readonly [name: string, content: unknown, says: string])[] = [
  ['is missing', null, 'does not exist'],
  ['is not JSON', `[${ROW_VALUE}`, 'is not JSON: see line 1, column 2'],
  ['is a text', '"state"', 'state'],
  ['has an entry without a stream', [{ type: 'STREAM' }], 'state'],
]

const BAD_CONFIG_FILES: readonly (readonly [name: string, content: unknown, says: string])[] = [
  ['is missing', null, 'does not exist'],
  ['is empty', '', 'is empty'],
  ['is not JSON', `{"password": "${PASSWORD}" "host"}`, 'is not JSON: see line 1, column'],
  ['is a list', [PASSWORD], 'The config must be a JSON object'],
  ['is null', 'null', 'The config must be a JSON object'],
  ['is a text', JSON.stringify(PASSWORD), 'The config must be a JSON object'],
]

const USAGE: readonly (readonly [args: readonly string[], says: string])[] = [
  [[], 'A command is required'],
  [['frobnicate'], 'Unknown'],
  [['spec', 'check'], ''],
  [['check'], 'config'],
  [['check', '--config'], 'config'],
  [['check', '--config', 'a', '--config', 'b'], '--config is given more than once'],
  [['discover', '--config', 'x', '--frobnicate'], 'Unknown option: --frobnicate'],
  [['discover', '--config', 'x', '--catalog', 'y'], 'Unknown option: --catalog'],
  [['read', '--catalog', 'y'], 'config'],
  [['read', '--config', ''], '--config needs a value'],
]

describe('invalid input', () => {
  let db: TestDatabase
  let role: LoginRole
  let files: Connector
  const outputs: string[] = []

  async function run(...args: string[]): Promise<Run> {
    const finished = await runConnector(args)
    outputs.push(finished.stdout, finished.stderr)
    return finished
  }

  function configWith(extra: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return role.config(extra)
  }

  before(async () => {
    db = await TestDatabase.create()
    await db.sql(
      `CREATE TABLE t (a int, v text); INSERT INTO t VALUES (1, '${ROW_VALUE}');
       CREATE TABLE forbidden (secret text); INSERT INTO forbidden VALUES ('${ROW_VALUE}');
       CREATE SCHEMA closed; CREATE TABLE closed.c (a int)`,
    )
    role = await LoginRole.create(db, PASSWORD)
    await db.sql(`GRANT SELECT ON t TO ${role.name}; GRANT SELECT ON closed.c TO ${role.name}`)
    files = await withConnector(configWith({}))
  })

  after(async () => {
    await files[Symbol.asyncDispose]()
    await role[Symbol.asyncDispose]()
    await db[Symbol.asyncDispose]()
  })

  it('the config on which the others are based is valid', async () => {
    const checked = await run('check', '--config', files.configFile)
    expect(checked.connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
  })

  for (const { name, config, says, type } of BAD_CONFIGS) {
    it(`${name}: check reports FAILED, discover and read end with 1`, async () => {
      const path = await files.writeFile('bad.json', configWith(config))
      const [checked, discovered, read] = await Promise.all([
        run('check', '--config', path),
        run('discover', '--config', path),
        run('read', '--config', path),
      ])
      expectFailedCheck(checked, says)
      for (const failed of [discovered, read]) {
        expectFailure(failed, says)
        if (name !== 'an unknown host') {
          expect(failed.errors[0]?.failure_type).to.equal(type ?? 'config_error')
        }
      }
    })
  }

  for (const [name, content, says] of BAD_CONFIG_FILES) {
    it(`a config file that ${name}: check reports FAILED, discover and read end with 1`, async () => {
      const path =
        content === null
          ? join(files.directory, 'nowhere.json')
          : await files.writeFile('file.json', content)
      expectFailedCheck(await run('check', '--config', path), says)
      expectFailure(await run('discover', '--config', path), says)
      expectFailure(await run('read', '--config', path), says)
    })
  }

  for (const [name, content, says] of BAD_CATALOGS) {
    it(`a catalog that ${name}: read ends with 1`, async () => {
      const path =
        content === null
          ? join(files.directory, 'nowhere.json')
          : await files.writeFile('catalog.json', content)
      const read = await run('read', '--config', files.configFile, '--catalog', path)
      expectFailure(read, says)
      expect(read.errors[0]?.failure_type).to.equal('config_error')
    })
  }

  for (const [name, content, says] of BAD_STATES) {
    it(`a state that ${name}: read ends with 1`, async () => {
      const path =
        content === null
          ? join(files.directory, 'nowhere.json')
          : await files.writeFile('state.json', content)
      const read = await run('read', '--config', files.configFile, '--state', path)
      expectFailure(read, says)
      expect(read.errors[0]?.failure_type).to.equal('config_error')
    })
  }

  for (const [args, says] of USAGE) {
    it(`${['source-postgres', ...args].join(' ')}: exit 2, nothing on stdout`, async () => {
      const { code, stdout, stderr } = await run(...args)
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' })
      expect(stderr).to.include(says).and.to.include('--help')
    })
  }

  it('a port may be given as text', async () => {
    const path = await files.writeFile('ok.json', configWith({ port: String(db.server.port) }))
    const checked = await run('check', '--config', path)
    expect(checked.connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
  })

  it('unknown keys are ignored', async () => {
    const path = await files.writeFile(
      'ok.json',
      configWith({ nonsense: { a: [1] }, _comment: 'x' }),
    )
    const checked = await run('check', '--config', path)
    expect(checked.connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
    expect(checked.logs.filter(({ level }) => level === 'WARN')).to.deep.equal([])
  })

  it('an alias beside the canonical name: the canonical name takes precedence, with a warning of both names', async () => {
    const aliases = { user: 'alias_user', dbname: 'alias_db' }
    const path = await files.writeFile('ok.json', configWith(aliases))
    for (const command of ['check', 'discover', 'read']) {
      const done = await run(command, '--config', path)
      expect(done.code).to.equal(0)
      expect(done.errors).to.deep.equal([])
      const warnings = done.logs.filter(({ level }) => level === 'WARN').map((log) => log.message)
      expect(warnings).to.have.length(2)
      expect(warnings.join(' ')).to.include("'username'").and.include("'user'")
      expect(warnings.join(' ')).to.include("'database'").and.include("'dbname'")
      expect(warnings.join(' ')).not.to.include('alias_')
      // This is the only run that reads the rows
      if (command === 'read') outputs.splice(-2, 1, done.stdout.replace(ROW_VALUE, ''))
    }
  })

  it('no output contains a password, a row value or SQL', () => {
    expect(outputs).to.have.length.above(150)
    const text = outputs.join('\n')
    for (const secret of [PASSWORD, ROW_VALUE, QUERY_TEXT]) expect(text).not.to.include(secret)
    expect(SQL.exec(text)?.[0] ?? null).to.equal(null)
  })
})

function expectFailedCheck(
  { code, stderr, records, connectionStatus }: Run,
  says: string | RegExp,
): void {
  expect({ code, stderr, records }).to.deep.equal({ code: 0, stderr: '', records: [] })
  expect(connectionStatus?.status).to.equal('FAILED')
  expect(connectionStatus?.message).to.match(asPattern(says))
  expect(connectionStatus?.message).to.match(
    /^Could not connect with provided configuration\. Error: /,
  )
}

function expectFailure({ code, stderr, records, errors }: Run, says: string | RegExp): void {
  expect({ code, stderr, records }).to.deep.equal({ code: 1, stderr: '', records: [] })
  expect(errors).to.have.length(1)
  expect(errors[0]?.message).to.match(asPattern(says))
}

function asPattern(says: string | RegExp): RegExp {
  return says instanceof RegExp ? says : new RegExp(says.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
}
