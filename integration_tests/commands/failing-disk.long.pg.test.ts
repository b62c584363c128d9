import { expect } from 'chai'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readFile, truncate, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Connector, ENTRY_POINT, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { printLines } from '../helpers/report.ts'

const FULL = 'error: The output cannot be written to stdout: the disk is full (ENOSPC).'
const BROKEN =
  'The output cannot be written to stdout: the disk or its file system reports an input/output error (EIO).'

/**
 * A file system whose disk loses all but its first 2 MiB, so that data of `file` can be written to
 * memory, but not be synced. It needs the superuser and a loop device.
 */
class BrokenDisk implements AsyncDisposable {
  readonly file: string
  readonly #mountPoint: string

  private constructor(mountPoint: string) {
    this.#mountPoint = mountPoint
    this.file = join(mountPoint, 'out.jsonl')
  }

  /** Returns null if no loop device may be mounted. */
  static async create(directory: string): Promise<BrokenDisk | null> {
    const [image, mountPoint] = [join(directory, 'image'), join(directory, 'mounted')]
    await mkdir(mountPoint)
    await writeFile(image, '')
    await truncate(image, 64 * 2 ** 20)
    try {
      execFileSync('mkfs.ext4', ['-q', '-O', '^has_journal', image], { stdio: 'ignore' })
      execFileSync('mount', ['-o', 'loop', image, mountPoint], { stdio: 'ignore' })
    } catch {
      return null
    }
    const disk = new BrokenDisk(mountPoint)
    execFileSync('fallocate', ['-l', '40m', disk.file])
    execFileSync('sync', ['--file-system', mountPoint])
    await truncate(image, 2 * 2 ** 20)
    const [device = ''] = execFileSync('losetup', ['--associated', image, '--output', 'NAME', '-n'])
      .toString()
      .split('\n')
    execFileSync('losetup', ['--set-capacity', device])
    return disk
  }

  async [Symbol.asyncDispose](): Promise<void> {
    execFileSync('umount', [this.#mountPoint])
    await Promise.resolve()
  }
}

describe('a stdout that cannot be written', () => {
  let database: TestDatabase
  let connector: Connector
  before(async () => {
    database = await TestDatabase.create()
    await database.sql(`
      CREATE TABLE t AS SELECT n AS id, rpad('x', 1000, 'x') AS filler
      FROM generate_series(1, 5000) AS n; CREATE TABLE u AS SELECT * FROM t`)
    connector = await withConnector(database.config())
  })
  after(async () => {
    await connector[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  async function run(
    stdout: number | Socket,
    command: string,
    ...options: readonly string[]
  ): Promise<{ code: number | null; stderr: string }> {
    const args = command === 'spec' ? [] : ['--config', connector.configFile, ...options]
    const child = spawn(process.execPath, [ENTRY_POINT, command, ...args], {
      stdio: ['ignore', stdout, 'pipe'],
    })
    const [stderr] = await Promise.all([text(child.stderr!), once(child, 'exit')])
    return { code: child.exitCode, stderr }
  }

  for (const command of ['spec', 'check', 'discover', 'read']) {
    it(`${command}: a full disk is a clear error on stderr, once`, async () => {
      const full = await open('/dev/full', 'w')
      const { code, stderr } = await run(full.fd, command)
      await full.close()
      expect(code).to.equal(1)
      expect(stderr)
        .to.match(/^[^\n]*\n$/)
        .and.include(FULL)
    })
  }

  it('read: a file that is larger than the limit of the process is a clear error, once', async () => {
    const path = join(connector.directory, 'limited.jsonl')
    const line = `ulimit -f 1000; exec "$@" > ${path}`
    const args = [process.execPath, ENTRY_POINT, 'read', '--config', connector.configFile]
    const child = spawn('bash', ['-c', line, 'bash', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const [stderr] = await Promise.all([text(child.stderr), once(child, 'exit')])
    expect(child.exitCode).to.equal(1)
    expect(stderr)
      .to.match(/^[^\n]*\n$/)
      .and.include('a file may not be that large (EFBIG)')
  })

  it('read: a consumer that resets its socket ends it without a retry or a message', async () => {
    await using server = createServer((socket) => {
      socket.once('data', () => socket.resetAndDestroy())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const socket = connect(address.port, address.address)
    await once(socket, 'connect')
    expect(await run(socket, 'read')).to.deep.equal({ code: 1, stderr: '' })
    socket.destroy()
  })

  it('read --state-out: a disk that fails to sync the rows is a clear error, and no state is saved', async () => {
    await using disk = await BrokenDisk.create(connector.directory)
    if (disk === null) {
      printLines('    (no loop device may be mounted here: a failing disk is not tested)')
      return
    }
    const file = await open(disk.file, 'r+')
    const state = join(connector.directory, 'state.json')
    const { code, stderr } = await run(file.fd, 'read', '--state-out', state)
    await file.close()
    expect(code).to.equal(1)
    expect(stderr).to.include(`error: ${BROKEN}`).and.not.include('Internal error')
    expect(JSON.parse(await readFile(state, 'utf8'))).to.deep.equal([])
  })
})
