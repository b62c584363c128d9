import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Connector, type Run, runConnector, withConnector } from '../helpers/connector.ts'
import { freePort } from '../helpers/free-port.ts'

/** Path below the connector's directory → reason in the message. */
const STATE_FILES = [
  ['no/state.json', 'its directory does not exist (ENOENT)'],
  ['file/state.json', 'a file where a directory is needed (ENOTDIR)'],
] as const
const OUTPUTS = [
  ['file', 'there is a file where a directory is needed (EEXIST)'],
  ['file/arrow', 'a file where a directory is needed (ENOTDIR)'],
] as const

/** No server listens on the port of the config: the output is checked before the server is used. */
describe('an output that cannot be written', () => {
  let connector: Connector
  before(async () => {
    const port = await freePort()
    connector = await withConnector({ host: '127.0.0.1', port, database: 'd', username: 'u' })
    await writeFile(join(connector.directory, 'file'), '')
    await mkdir(join(connector.directory, 'directory'))
  })
  after(async () => await connector[Symbol.asyncDispose]())

  async function readTo(...options: readonly string[]): Promise<Run> {
    return await runConnector(['read', '--config', connector.configFile, ...options])
  }

  function pathOf(name: string): string {
    return join(connector.directory, name)
  }

  for (const [name, reason] of STATE_FILES) {
    it(`--state-out ${name}: ${reason}`, async () => {
      expectRefused(await readTo('--state-out', pathOf(name)), pathOf(name), reason)
    })
  }

  it('--state-out with the name of a directory', async () => {
    const path = pathOf('directory')
    expectRefused(await readTo('--state-out', path), path, 'is a directory')
  })

  for (const [name, reason] of OUTPUTS) {
    it(`--output ${name}: ${reason}`, async () => {
      const path = pathOf(name)
      expectRefused(await readTo('--format', 'arrow', '--output', path), path, reason)
    })
  }

  it('--state-out with the name of a pipe, which is neither awaited nor replaced', async () => {
    const path = pathOf('pipe')
    execFileSync('mkfifo', [path])
    for (const given of [[], ['--state', path]]) {
      const run = await readTo('--state-out', path, ...given)
      expectRefused(run, path, 'of --state-out is a pipe or a device')
    }
    expect((await lstat(path)).isFIFO()).to.equal(true)
  })

  it('--output in a file system without directories of users', async () => {
    const path = '/proc/arrow/files'
    expectRefused(await readTo('--format', 'arrow', '--output', path), path, 'cannot be written')
  })

  it('leaves no file', async () => {
    const names = ['catalog.json', 'config.json', 'directory', 'file', 'pipe']
    const found = await readdir(connector.directory)
    expect(found.filter((name) => !names.includes(name))).to.deep.equal([])
    expect(await readdir(pathOf('directory'))).to.deep.equal([])
  })

  it('a symbolic link to a state file stays one', async () => {
    const path = await connector.writeFile('target.json', [])
    await symlink(path, pathOf('link.json'))
    await readTo('--state-out', pathOf('link.json'))
    expect((await lstat(pathOf('link.json'))).isSymbolicLink()).to.equal(true)
    expect(await readFile(path, 'utf8')).to.equal('[\n]\n')
  })

  it('a state file keeps its states when the server cannot be reached', async () => {
    const stream = { stream_descriptor: { name: 't' }, stream_state: { version: 3 } }
    const states = [{ type: 'STREAM', stream }]
    const path = await connector.writeFile('saved.json', states)
    const run = await readTo('--state', path, '--state-out', path)
    expect(run.errors[0]?.message).to.include('Failed to create connection pool')
    expect(JSON.parse(await readFile(path, 'utf8'))).to.deep.equal(states)
  })
})

function expectRefused(run: Run, path: string, reason: string): void {
  expect(run.code).to.equal(1)
  expect(run.errors).to.have.length(1)
  expect(run.errors[0]?.failure_type).to.equal('config_error')
  expect(run.errors[0]?.message).to.include(path).and.include(reason)
}
