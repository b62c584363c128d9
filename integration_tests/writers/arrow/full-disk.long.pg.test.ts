import { expect } from 'chai'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import {
  type Connector,
  ENTRY_POINT,
  runConnector,
  withConnector,
} from '../../helpers/connector.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { lastStates } from '../../helpers/messages.ts'
import { printLines } from '../../helpers/report.ts'
import { arrowArgs, listFiles, readParts } from './arrow-files.ts'

const ROWS = 60_000

/** Mounts a file system of `size`; returns whether that was possible. */
function mountSmall(directory: string, size: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory], {
      stdio: 'ignore',
    })
    return true
  } catch {
    return false
  }
}

describe('a full disk', () => {
  let database: TestDatabase
  let connector: Connector
  before(async () => {
    database = await TestDatabase.create()
    await database.sql(`
      CREATE TABLE big AS SELECT n AS id, rpad('x', 150, 'x') AS filler
      FROM generate_series(1, ${ROWS}) AS n;
      CREATE TABLE large AS SELECT n AS id, rpad('x', 1500, n::text) AS filler
      FROM generate_series(1, 120000) AS n; ANALYZE`)
    connector = await withConnector(database.config({ table: 'big', batch_size: 5000 }))
  })
  after(async () => {
    await connector[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  it('is a clear error after the last valid state, and the read resumes when there is space', async () => {
    const directory = join(connector.directory, 'small')
    await mkdir(directory)
    if (!mountSmall(directory, '6m')) {
      printLines('    (no tmpfs may be mounted here: a full disk is not tested)')
      return
    }
    try {
      const full = await runConnector(arrowArgs(connector, 'small'))
      expect(full.code).to.equal(1)
      expect(full.errors[0]?.failure_type).to.equal('config_error')
      const path = join(directory, 'public.big.arrow')
      expect(full.errors[0]?.message).to.include(`${path}: the disk is full (ENOSPC)`)
      expect(full.states).to.have.length.above(0)
      expect(await listFiles(directory)).to.deep.equal(['public.big.arrow.partial'])
      execFileSync('mount', ['-o', 'remount,size=64m', directory])
      const state = await connector.writeFile('state.json', lastStates(full.messages))
      const rest = await runConnector([...arrowArgs(connector, 'small'), '--state', state])
      expect(rest.errors).to.deep.equal([])
      const tables = await readParts(directory, 'public.big')
      const ids = tables.flatMap((table) => [...table.getChild('id')!].map(Number))
      expect(new Set(ids).size).to.equal(ROWS)
    } finally {
      execFileSync('umount', [directory])
    }
  })

  for (const size of ['30m', '100m']) {
    it(`of ${size} is a clear error with several processes, and nothing is left`, async () => {
      const directory = join(connector.directory, `small-${size}`)
      await mkdir(directory)
      if (!mountSmall(directory, size)) {
        printLines('    (no tmpfs may be mounted here: a full disk is not tested)')
        return
      }
      try {
        const large = await connector.writeFile('large.json', database.config({ table: 'large' }))
        const args = arrowArgs(
          { configFile: large, directory: connector.directory },
          `small-${size}`,
        )
        const full = await runConnector([...args, '--processes', '2'])
        expect(full.code).to.equal(1)
        expect(full.errors[0]?.failure_type).to.equal('config_error')
        expect(full.errors[0]?.message).to.include('the disk is full (ENOSPC)')
        expect(full.states).to.deep.equal([])
        expect(await listFiles(directory)).to.deep.equal([])
      } finally {
        execFileSync('umount', [directory])
      }
    })
  }

  it('is a clear error for the stream format', async () => {
    const args = [ENTRY_POINT, 'read', '--config', connector.configFile, '--format', 'arrow']
    const full = await open('/dev/full', 'w')
    const child = spawn(process.execPath, args, { stdio: ['ignore', full.fd, 'pipe'] })
    const [stderr] = await Promise.all([text(child.stderr!), once(child, 'exit'), full.close()])
    expect(child.exitCode).to.equal(1)
    expect(stderr).to.include('cannot be written to stdout: the disk is full (ENOSPC)')
    expect(stderr).to.not.include('"type":"STATE"')
  })
})
