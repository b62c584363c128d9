import { expect } from 'chai'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startConnector, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'

const SECRET = 'row value 4711'

interface Failure {
  /** SQL after which reading `v` fails. */
  readonly sql: string
  readonly code: string
  /** Part of the server's message that is shown. */
  readonly shown?: string
}

const RAISE = (error: string): string => `
  CREATE FUNCTION f(v text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE ${error}; END $$;
  CREATE VIEW v AS SELECT f(secret) AS x FROM t`

/**
 * Errors that occur in the rows: discovery has described the view, and there is no other problem.
 */
const FAILURES: Readonly<Record<string, Failure>> = {
  'an exception of a function': { sql: RAISE(`'no %', v`), code: 'P0001' },
  'an exception with the SQLSTATE of another error': {
    sql: RAISE(`'no %', v USING ERRCODE = '55000'`),
    code: '55000',
  },
  'an exception with the SQLSTATE of an error that passes': {
    sql: RAISE(`'no %', v USING ERRCODE = '22012'`),
    code: '22012',
  },
  'a subquery with several rows': {
    sql: 'CREATE VIEW v AS SELECT (SELECT secret FROM t AS u WHERE u.id > 0) AS x FROM t',
    code: '21000',
    shown: 'more than one row returned by a subquery used as an expression',
  },
  'a value of another type': {
    sql: 'CREATE VIEW v AS SELECT secret::int AS x FROM t',
    code: '22P02',
  },
  'a value that is no name of a relation': {
    sql: 'CREATE VIEW v AS SELECT secret::regclass AS x FROM t',
    code: '42602',
  },
  'a value that names no relation': {
    sql: `CREATE VIEW v AS SELECT quote_ident(secret)::regclass AS x FROM t`,
    code: '42P01',
  },
  'a domain whose constraint a value breaks': {
    sql: `CREATE DOMAIN d AS text CHECK (VALUE = ''); CREATE VIEW v AS SELECT secret::d AS x FROM t`,
    code: '23514',
  },
  'a file that is not there': {
    sql: `CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
          CREATE FOREIGN TABLE v (x text) SERVER files OPTIONS (filename '/nowhere/x.csv')`,
    code: '58P01',
    shown: 'could not open file "/nowhere/x.csv" for reading: No such file or directory',
  },
  'a foreign server that is not there': {
    sql: `CREATE EXTENSION postgres_fdw;
          CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
          CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere OPTIONS (user 'x', password 'y');
          CREATE FOREIGN TABLE v (x text) SERVER elsewhere`,
    code: '08001',
    shown: 'could not connect to server "elsewhere"',
  },
}

describe('an error in a stream', () => {
  it('is reported, and not the error of a state file that cannot be written', async () => {
    await using database = await TestDatabase.create()
    const { sql } = FAILURES['an exception of a function']!
    await database.sql(
      `CREATE TABLE t (id int, secret text); INSERT INTO t VALUES (1, 'x'); ${sql}`,
    )
    await using connector = await withConnector(database.config())
    const directory = join(connector.directory, 'states')
    await mkdir(directory)
    await using other = await database.session()
    await other.sql('BEGIN; LOCK TABLE t')
    const stateOut = ['--state-out', join(directory, 'state.json')]
    await using running = startConnector([...(await connector.readArgs({})), ...stateOut])
    const errors: string[] = []
    let states = 0
    for await (const { trace, state } of running.messages()) {
      if (trace?.stream_status?.status === 'STARTED') {
        await rm(directory, { recursive: true, force: true })
        await other.sql('ROLLBACK')
      }
      if (trace?.error !== undefined) errors.push(trace.error.message)
      if (state !== undefined) states++
    }
    expect(states).to.equal(1)
    expect(errors.join()).to.include('SQLSTATE P0001').and.not.include('cannot be written')
  })

  for (const [what, { sql, code, shown }] of Object.entries(FAILURES)) {
    it(`${what} → SQLSTATE ${code}, and no row value`, async () => {
      await using database = await TestDatabase.create()
      await database.sql(`
        CREATE TABLE t (id int, secret text);
        INSERT INTO t VALUES (1, '${SECRET}'), (2, 'more'); ${sql}`)
      await using connector = await withConnector(database.config({ table: 'v', max_retries: 1 }))
      const run = await connector.read()
      expect(run.code).to.equal(1)
      expect(run.errors).to.have.length(1)
      const { message } = run.errors[0]!
      expect(message).to.include(`SQLSTATE ${code}`)
      if (shown !== undefined) expect(message).to.include(`The server reported: ${shown}`)
      expect(run.stdout + run.stderr).not.to.include(SECRET)
      const retries = run.logs.filter(({ message: text }) => text.includes('was interrupted'))
      expect(retries).to.have.length(code.startsWith('08') ? 1 : 0)
    })
  }
})
