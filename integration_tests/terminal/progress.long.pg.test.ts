import { expect } from 'chai'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import stringWidth from 'string-width'
import { type Connector, ENTRY_POINT, runConnector, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { parseMessage } from '../helpers/messages.ts'

const run = promisify(execFile)
const ROWS = 60_000

/** Whether util-linux's `script`, which provides a terminal for a command, is installed. */
function hasScript(): boolean {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux')
  } catch {
    return false
  }
}

describe('progress', () => {
  let database: TestDatabase
  let connector: Connector
  before(async () => {
    database = await TestDatabase.create()
    await database.sql(`
      CREATE TABLE a_table AS SELECT n AS id, rpad('x', 300, 'x') AS filler
      FROM generate_series(1, ${ROWS}) AS n; ANALYZE`)
    connector = await withConnector(database.config())
  })
  after(async () => {
    await connector[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  for (const columns of hasScript() ? [80, 200] : []) {
    it(`fits a terminal of ${columns} columns and ends with a line for the stream`, async () => {
      const read = `'${process.execPath}' '${ENTRY_POINT}' read --config '${connector.configFile}' > /dev/null`
      const command = `stty cols ${columns}; ${read}`
      const { stdout } = await run('script', ['-qec', command, '/dev/null'])
      const drawn = stdout.split('\r\x1b[2K').map((line) => line.replace(/[\r\n]+$/, ''))
      for (const line of drawn) expect(line.length).to.be.below(columns)
      expect(drawn.at(-1)).to.match(/^public\.a_table +60,000 rows +\d+\.\d s/)
      expect(stdout.split('\n').filter((line) => line !== '')).to.have.length(1)
    })
  }

  if (hasScript()) {
    it('a line is narrower than the terminal for a wide name', async () => {
      const name = '漢字'.repeat(10)
      await database.sql(`CREATE TABLE "${name}" AS SELECT id, filler FROM a_table; ANALYZE`)
      const read = `'${process.execPath}' '${ENTRY_POINT}' read --config '${connector.configFile}'`
      const command = `stty cols 60; ${read} --stream '${name}' > /dev/null`
      const { stdout } = await run('script', ['-qec', command, '/dev/null'])
      await database.sql(`DROP TABLE "${name}"`)
      const drawn = stdout.split('\r\x1b[2K').map((line) => line.replace(/[\r\n]+$/, ''))
      for (const line of drawn) expect(stringWidth(line)).to.be.below(60)
      expect(drawn.at(-1)).to.match(/^public\.漢字/)
    })

    it('records on a terminal are followed by one summary, without progress', async () => {
      const command = `'${process.execPath}' '${ENTRY_POINT}' read --config '${connector.configFile}'`
      const options = { maxBuffer: 100 * ROWS * 10 }
      const { stdout } = await run('script', ['-qec', command, '/dev/null'], options)
      const lines = stdout.replaceAll('\r\x1b[2K', '').trimEnd().split('\r\n')
      const others = lines.filter((line) => !line.startsWith('{"type":"'))
      expect(others).to.have.length(1)
      expect(lines.at(-1)).to.match(/^Health: PostgreSQL .*, 60000 rows read at \d+ rows\/s$/)
    })

    it('errors are printed on the terminal if the messages are redirected', async () => {
      const read = `'${process.execPath}' '${ENTRY_POINT}' read --config '${connector.configFile}'`
      const command = `${read} --stream nope > /dev/null`
      const failure: unknown = await run('script', ['-qec', command, '/dev/null']).catch(
        (error: unknown) => error,
      )
      expect(failure)
        .to.have.property('stdout')
        .that.matches(/error: There is no stream 'nope'/)
    })
  }

  for (const [what, table, expected] of hasScript()
    ? ([
        ['SUCCEEDED', 'a_table', /^check: SUCCEEDED$/],
        ['FAILED', 'nope', /^error: Table not found: nope in schema public\..*\ncheck: FAILED$/],
      ] as const)
    : []) {
    it(`check prints text and ${what} on a terminal`, async () => {
      const file = await connector.writeFile('check.json', database.config({ table }))
      const command = `'${process.execPath}' '${ENTRY_POINT}' check --config '${file}'`
      const { stdout } = await run('script', ['-qec', command, '/dev/null'])
      const lines = stdout.replaceAll('\r\x1b[2K', '').split('\r\n')
      expect(lines.join('\n').trim()).to.match(expected)
    })
  }

  it('errors are printed as text on stderr if the messages go to a file', async () => {
    const read = `'${process.execPath}' '${ENTRY_POINT}' read --config '${connector.configFile}'`
    const file = join(connector.directory, 'messages.jsonl')
    const failure: unknown = await run('sh', ['-c', `${read} --stream nope > '${file}'`]).catch(
      (error: unknown) => error,
    )
    expect(failure)
      .to.have.property('stderr')
      .that.matches(/^error: There is no stream 'nope'.*\n$/)
    await run('sh', ['-c', `${read} --stream nope > '${file}' 2>&1`]).catch(() => undefined)
    for (const line of readFileSync(file, 'utf8').trim().split('\n')) JSON.parse(line)
  })

  it('a read whose stderr is closed is complete', async () => {
    const config = await connector.writeFile('unknown.json', database.config({ nope: 1 }))
    const path = join(connector.directory, 'records.jsonl')
    const file = openSync(path, 'w')
    const args = [ENTRY_POINT, 'read', '--config', config]
    const child = spawn(process.execPath, args, { stdio: ['ignore', file, 'pipe'] })
    child.stderr?.destroy()
    expect(await once(child, 'exit')).to.deep.equal([0, null])
    closeSync(file)
    const messages = readFileSync(path, 'utf8').trim().split('\n').map(parseMessage)
    expect(messages.some(({ log }) => log?.level === 'WARN')).to.equal(true)
    expect(messages.filter(({ type }) => type === 'RECORD')).to.have.length(ROWS)
  })

  it('prints nothing on stderr if both streams are pipes', async () => {
    const { stderr, records } = await runConnector(['read', '--config', connector.configFile])
    expect(stderr).to.equal('')
    expect(records).to.have.length(ROWS)
  })
})
