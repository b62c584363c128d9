import { expect } from 'chai'
import { withConnector } from '../../helpers/connector.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { LoginRole } from '../../helpers/login-role.ts'
import { SECRET } from './tls/tls-world.ts'

describe('jdbc_url_params', () => {
  it('sets the name and the options of the session; a WARN lists ignored parameters without values', async () => {
    await using database = await TestDatabase.create()
    const query = `SELECT current_setting('application_name') AS name, current_setting('work_mem') AS memory`
    const params = `ApplicationName=by%20jdbc&options=-c%20work_mem%3D12345kB&password=${SECRET}&defaultRowFetchSize=${SECRET}&tcpKeepAlive=true`
    await using connector = await withConnector(database.config({ query, jdbc_url_params: params }))
    const run = await connector.read()
    expect(run.records.map(({ data }) => data)).to.deep.equal([
      { name: 'by jdbc', memory: '12345kB' },
    ])
    const warnings = run.logs.filter(({ level }) => level === 'WARN').map(({ message }) => message)
    expect(warnings).to.deep.equal([
      "'password' of jdbc_url_params is ignored: use password of the config.",
      "'defaultRowFetchSize' of jdbc_url_params is ignored: it has no meaning for this connector.",
    ])
    expect(`${run.stdout}${run.stderr}`).not.to.include(SECRET)
  })

  for (const [options, sqlstate] of [
    [`-c ${SECRET}`, '42601'],
    ['-c no_such_setting=1', '42704'],
    [`-c work_mem=${SECRET}`, '22023'],
    ['-c wal_level=logical', '55P02'],
  ] as const) {
    it(`with options that the server rejects with ${sqlstate} → an error that names them`, async () => {
      await using database = await TestDatabase.create()
      const params = `options=${encodeURIComponent(options)}`
      await using connector = await withConnector(database.config({ jdbc_url_params: params }))
      const run = await connector.check()
      expect(run.connectionStatus?.message)
        .to.include('a setting in the options of jdbc_url_params')
        .and.to.include(`SQLSTATE ${sqlstate}`)
      expect(`${run.stdout}${run.stderr}`).not.to.include(SECRET)
    })
  }

  it('with options that the role may not set → an error that names them', async () => {
    await using database = await TestDatabase.create()
    await using role = await LoginRole.create(database)
    const params = 'options=-c%20log_statement%3Dall'
    await using connector = await withConnector(role.config({ jdbc_url_params: params }))
    const { connectionStatus } = await connector.check()
    expect(connectionStatus?.message).to.include('a setting in the options of jdbc_url_params')
  })
})
