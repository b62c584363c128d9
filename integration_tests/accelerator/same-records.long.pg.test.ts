import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Connector, ENTRY_POINT, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { configuredCatalog, lastStates } from '../helpers/messages.ts'
import { createBulkTable } from './bulk-table.ts'

const run = promisify(execFile)
const ROWS = 30_000
/** Enough for Node.js, but less than V8 reserves for a WebAssembly memory. */
const ADDRESS_SPACE_KIB = 4_000_000
function streamOf(line: string): string {
  return /"stream":"(\w+)"/.exec(line)?.[1] ?? ''
}

/**
 * Returns the lines of RECORD messages without their time, stream by stream, because streams may be
 * read side by side.
 */
function recordsOf(stdout: string): string {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{"type":"RECORD"'))
  const sorted = lines.toSorted((a, b) => streamOf(a).localeCompare(streamOf(b)))
  return sorted.map((line) => line.replace(/"emitted_at":\d+/, '')).join('\n')
}

describe('records encoded by the WebAssembly module', () => {
  let db: TestDatabase
  let connector: Connector
  let expected: string

  before(async () => {
    db = await TestDatabase.create()
    await db.sql(createBulkTable('t', ROWS))
    // Before PostgreSQL 14, the rows of a table are passed on one by one, unlike those of a view
    await db.sql('CREATE VIEW v AS SELECT * FROM t')
    connector = await withConnector(db.config())
    expected = await read({ SOURCE_POSTGRES_WASM: 'off' })
    expect(expected.split('\n')).to.have.length(2 * ROWS)
  })

  after(async () => {
    await connector[Symbol.asyncDispose]()
    await db[Symbol.asyncDispose]()
  })

  async function read(env: Readonly<Record<string, string>>) {
    const catalog = configuredCatalog(await connector.catalog())
    const { stdout, errors } = await connector.read({ catalog }, { env })
    expect(errors).to.deep.equal([])
    return recordsOf(stdout)
  }

  for (const [when, env] of [
    ['after the first 64 KiB', {}],
    ['from the first row on', { SOURCE_POSTGRES_WASM: 'always' }],
  ] as const) {
    it(`are equal to those without it ${when}`, async () => {
      expect((await read(env)) === expected).to.equal(true)
    })
  }

  it('are equal in an incremental read by a cursor', async () => {
    // One state per stream: the position of others depends on the size of the socket chunks
    await using whole = await withConnector(db.config({ batch_size: 2 * ROWS }))
    const choice = { syncMode: 'incremental', cursorField: 'id' } as const
    const catalog = configuredCatalog(await whole.catalog(), choice)
    const [plain, accelerated] = await Promise.all(
      ['off', 'always'].map((mode) =>
        whole.read({ catalog }, { env: { SOURCE_POSTGRES_WASM: mode } }),
      ),
    )
    expect(recordsOf(plain!.stdout).split('\n')).to.have.length(2 * ROWS)
    expect(recordsOf(accelerated!.stdout) === recordsOf(plain!.stdout)).to.equal(true)
    const [plainState, state] = [plain!, accelerated!].map(({ messages }) =>
      lastStates(messages)
        .map((each) => JSON.stringify(each).replaceAll(/"at":\d+/g, ''))
        .toSorted(),
    )
    expect(state).to.have.length(2)
    expect(state).to.deep.equal(plainState)
  })

  it('are encoded in TypeScript in a limited address space, with an INFO', async () => {
    const catalog = configuredCatalog(await connector.catalog())
    const command = [process.execPath, ENTRY_POINT, ...(await connector.readArgs({ catalog }))]
    const script = `ulimit -v ${ADDRESS_SPACE_KIB}; exec "$@"`
    const { stdout } = await run('sh', ['-c', script, 'sh', ...command], { maxBuffer: 2 ** 27 })
    expect(stdout).to.match(/"level":"INFO","message":"[^"]*WebAssembly/)
    expect(recordsOf(stdout) === expected).to.equal(true)
  })
})
