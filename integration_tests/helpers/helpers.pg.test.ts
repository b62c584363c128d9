import { expect } from 'chai'
import { existsSync } from 'node:fs'
import { TestDatabase } from './database.ts'
import { validateMessage } from './messages.ts'
import { Server } from './server.ts'
import { Session } from './session.ts'
import { sharedServer } from './shared-server.ts'

describe('Server', () => {
  it('runs the requested major, with logical replication', async () => {
    const server = await sharedServer()
    const [version] = await server.query('SHOW server_version_num')
    expect(Math.floor(Number(version?.['server_version_num']) / 10_000)).to.equal(server.major)
    expect(await server.query('SHOW wal_level')).to.deep.equal([{ wal_level: 'logical' }])
  })

  it('rejects a wrong password over TCP', async () => {
    const config = (await sharedServer()).connectionConfig()
    const error: unknown = await Session.open({ ...config, password: 'wrong' }).catch((e) => e)
    expect(error).to.have.property('code', '28P01')
  })

  it('accepts settings, pg_hba.conf lines and files', async () => {
    const hba = ['host all outsider all reject']
    await using server = await Server.start({
      settings: { work_mem: '7MB' },
      hba,
      files: { 'x.key': 'k' },
    })
    expect(await server.query('SHOW work_mem')).to.deep.equal([{ work_mem: '7MB' }])
    expect(await server.query("SELECT pg_read_file('x.key')")).to.deep.equal([
      { pg_read_file: 'k' },
    ])
    const outsider = { ...server.connectionConfig(), user: 'outsider' }
    const error: unknown = await Session.open(outsider).catch((e) => e)
    expect(error).to.have.property('code', '28000')
  })

  it('keeps port and rows after a restart and after a crash', async () => {
    await using server = await Server.start()
    const { port } = server
    await server.query('CREATE TABLE t AS SELECT 1 AS a')
    await server.restart({ settings: { work_mem: '9MB' } })
    await server.kill('SIGKILL')
    expect(server.pid).to.equal(null)
    await server.restart()
    expect(server.port).to.equal(port)
    expect(await server.query('SELECT a FROM t')).to.deep.equal([{ a: '1' }])
    expect(await server.query('SHOW work_mem')).to.deep.equal([{ work_mem: '9MB' }])
  })

  it('leaves no files or processes, even if it was paused', async () => {
    const server = await Server.start()
    const { pid, socketDirectory } = server
    await server.kill('SIGSTOP')
    await server[Symbol.asyncDispose]()
    expect(() => process.kill(pid ?? 0, 0)).to.throw('ESRCH')
    expect(existsSync(socketDirectory)).to.equal(false)
  })

  it('reports why it does not start', async () => {
    const settings = { wal_level: 'nonsense' }
    const error: unknown = await Server.start({ settings }).catch((e) => e)
    expect(error).to.be.an('error').with.property('message').that.includes('wal_level')
  })
})

describe('TestDatabase', () => {
  for (const encoding of ['UTF8', 'LATIN1', 'SQL_ASCII']) {
    it(`${encoding} → a database of that encoding`, async () => {
      await using database = await TestDatabase.create(undefined, { encoding })
      expect(await database.sql('SHOW server_encoding')).to.deep.equal([
        { server_encoding: encoding },
      ])
    })
  }

  it('returns every value as the text of the server', async () => {
    await using database = await TestDatabase.create()
    const rows = await database.sql(
      `SELECT 9223372036854775807 AS a, 1.10::numeric AS b, true AS c, NULL AS d, '{1,2}'::int[] AS e`,
    )
    expect(rows).to.deep.equal([
      { a: '9223372036854775807', b: '1.10', c: 't', d: null, e: '{1,2}' },
    ])
    expect(await database.sql('SELECT $1::int + 1 AS a', [1])).to.deep.equal([{ a: '2' }])
  })

  it('is dropped with open sessions, prepared transactions and replication slots', async () => {
    const server = await sharedServer()
    const database = await TestDatabase.create(server)
    await database.sql(`SELECT pg_create_logical_replication_slot('${database.name}', 'pgoutput')`)
    const session = await database.session()
    await session.sql('CREATE TABLE t (a int)')
    await session.sql("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'p'")
    await database[Symbol.asyncDispose]()
    const left = await server.query(
      `SELECT datname FROM pg_database WHERE datname = '${database.name}'
       UNION ALL SELECT slot_name FROM pg_replication_slots WHERE database = '${database.name}'`,
    )
    expect(left).to.deep.equal([])
  })
})

describe('validateMessage', () => {
  const log = { type: 'LOG', log: { level: 'INFO', message: 'm' } }
  it('accepts a message of the protocol', () => {
    expect(() => validateMessage(log)).not.to.throw()
  })

  it('lists the violations of the protocol', () => {
    const wrong = { type: 'LOG', log: { level: 'LOUD' } }
    expect(() => validateMessage(wrong)).to.throw(
      /log must have required property 'message'.*level/,
    )
  })
})
