import { expect } from 'chai'
import { join } from 'node:path'
import { type Connector, type Run, runConnector, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { LoginRole } from '../helpers/login-role.ts'
import {
  BAD_CATALOGS,
  BAD_CONFIG_FILES,
  BAD_CONFIGS,
  BAD_STATES,
  PASSWORD,
  QUERY_TEXT,
  ROW_VALUE,
  USAGE,
} from './bad-inputs.ts'

/** Matches SQL of the connector or of the user, except the grants that an error recommends. */
const SQL =
  /\bSELECT\b.{1,80}\bFRO?M\b|\bDROP\b|\bWHERE\b|\bCOPY\b|\bBEGIN\b|pg_catalog|pg_class|::/

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

  for (const { name, config, message, type } of BAD_CONFIGS) {
    it(`${name}: check reports FAILED, discover and read end with 1`, async () => {
      const path = await files.writeFile('bad.json', configWith(config))
      const [checked, discovered, read] = await Promise.all([
        run('check', '--config', path),
        run('discover', '--config', path),
        run('read', '--config', path),
      ])
      expectFailedCheck(checked, message)
      for (const failed of [discovered, read]) {
        expectFailure(failed, message)
        if (name !== 'an unknown host') {
          expect(failed.errors[0]?.failure_type).to.equal(type ?? 'config_error')
        }
      }
    })
  }

  for (const [name, content, message] of BAD_CONFIG_FILES) {
    it(`a config file that ${name}: check reports FAILED, discover and read end with 1`, async () => {
      const path =
        content === null
          ? join(files.directory, 'nowhere.json')
          : await files.writeFile('file.json', content)
      expectFailedCheck(await run('check', '--config', path), message)
      expectFailure(await run('discover', '--config', path), message)
      expectFailure(await run('read', '--config', path), message)
    })
  }

  for (const [name, content, message] of BAD_CATALOGS) {
    it(`a catalog that ${name}: read ends with 1`, async () => {
      const path =
        content === null
          ? join(files.directory, 'nowhere.json')
          : await files.writeFile('catalog.json', content)
      const read = await run('read', '--config', files.configFile, '--catalog', path)
      expectFailure(read, message)
      expect(read.errors[0]?.failure_type).to.equal('config_error')
    })
  }

  for (const [name, content, message] of BAD_STATES) {
    it(`a state that ${name}: read ends with 1`, async () => {
      const path =
        content === null
          ? join(files.directory, 'nowhere.json')
          : await files.writeFile('state.json', content)
      const read = await run('read', '--config', files.configFile, '--state', path)
      expectFailure(read, message)
      expect(read.errors[0]?.failure_type).to.equal('config_error')
    })
  }

  for (const [args, message] of USAGE) {
    it(`${['source-postgres', ...args].join(' ')}: exit 2, nothing on stdout`, async () => {
      const { code, stdout, stderr } = await run(...args)
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' })
      expect(stderr).to.include(message).and.to.include('--help')
    })
  }

  it('a port may be given as text', async () => {
    const path = await files.writeFile('ok.json', configWith({ port: String(db.server.port) }))
    const checked = await run('check', '--config', path)
    expect(checked.connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
  })

  it('unknown keys are ignored, each with a warning', async () => {
    const path = await files.writeFile(
      'ok.json',
      configWith({ nonsense: { a: [1] }, _comment: 'x' }),
    )
    const checked = await run('check', '--config', path)
    expect(checked.connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
    const warnings = checked.logs.filter(({ level }) => level === 'WARN')
    expect(warnings.map(({ message }) => message)).to.deep.equal([
      "Parameter 'nonsense' is unknown and is ignored.",
      "Parameter '_comment' is unknown and is ignored.",
    ])
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
  message: string | RegExp,
): void {
  expect({ code, stderr, records }).to.deep.equal({ code: 0, stderr: '', records: [] })
  expect(connectionStatus?.status).to.equal('FAILED')
  expect(connectionStatus?.message).to.match(asPattern(message))
  expect(connectionStatus?.message).to.match(
    /^Could not connect with provided configuration\. Error: /,
  )
}

function expectFailure({ code, stderr, records, errors }: Run, message: string | RegExp): void {
  expect({ code, stderr, records }).to.deep.equal({ code: 1, stderr: '', records: [] })
  expect(errors).to.have.length(1)
  expect(errors[0]?.message).to.match(asPattern(message))
}

function asPattern(message: string | RegExp): RegExp {
  return message instanceof RegExp
    ? message
    : new RegExp(message.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
}
