import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { type Connector, ENTRY_POINT, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { configuredCatalog } from '../helpers/messages.ts'

/** Matches the flags of an open file in Linux's /proc. */
const FLAGS = /^flags:\s*([0-7]+)$/m
/** From fcntl.h of Linux. */
const O_NONBLOCK = 0o4000

/**
 * Returns the flags of stdout while a read waits for the pipe. @param redirection part of the shell
 * command.
 */
async function flagsOfStdout(connector: Connector, redirection: string): Promise<number> {
  const catalog = configuredCatalog(await connector.catalog())
  const args = [process.execPath, ENTRY_POINT, ...(await connector.readArgs({ catalog }))]
  const child = spawn('sh', ['-c', `exec "$@" ${redirection}`, 'sh', ...args])
  try {
    child.stderr.resume()
    await once(child.stdout, 'readable')
    const [, flags = ''] = FLAGS.exec(readFileSync(`/proc/${child.pid}/fdinfo/1`, 'utf8')) ?? []
    return Number.parseInt(flags, 8)
  } finally {
    child.kill('SIGKILL')
    child.stdout.resume()
    await once(child, 'close')
  }
}

describe('a pipe as stdout of a read', () => {
  for (const redirection of process.platform === 'linux' ? ['', '2>&1'] : []) {
    it(`stays blocking, because it would otherwise be written in small parts ${redirection}`, async () => {
      await using database = await TestDatabase.create()
      await database.sql('CREATE TABLE t AS SELECT generate_series(1, 100000) AS id')
      await using connector = await withConnector(database.config())
      expect((await flagsOfStdout(connector, redirection)) & O_NONBLOCK).to.equal(0)
    })
  }
})
