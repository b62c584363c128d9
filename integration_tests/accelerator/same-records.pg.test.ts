import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Connector, ENTRY_POINT, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { configuredCatalog } from '../helpers/messages.ts'

const run = promisify(execFile)
const ROWS = 30_000
/** Enough for Node.js, but V8 reserves more than this for a WebAssembly memory. */
const ADDRESS_SPACE_KIB = 4_000_000
/** Types with and without an op of their own; common values and those that the module hands back. */
const COLUMNS: Readonly<Record<string, string>> = {
  id: 'n',
  small: '(n % 30000)::int2',
  medium: 'CASE WHEN n % 7 > 0 THEN -n END::int4',
  real: '(n / 3.0)::float4',
  double: "CASE n % 50 WHEN 0 THEN 'NaN' WHEN 1 THEN 1e300 ELSE sqrt(n) END::float8",
  exact: "CASE WHEN n % 90 = 0 THEN 'NaN' ELSE n * 1.10 / 7 END::numeric",
  plain: "'Größe ' || n || chr(10) || '\"\\'",
  flag: 'n % 3 = 0',
  binary: "decode(md5(n::text), 'hex')",
  token: 'md5(n::text)::uuid',
  document: "jsonb_build_object('a', n, 'b', 'é\"')",
  day: "CASE WHEN n % 60 = 0 THEN 'infinity' ELSE date '0044-03-15 BC' + n::int4 * 30 END::date",
  clock: "time '00:00' + n * interval '1.5 seconds'",
  zoned: "timetz '12:34:56.789+05:30' + n * interval '1 second'",
  local: "timestamp '1999-12-31' + n * interval '61.001 seconds'",
  instant:
    "CASE WHEN n % 80 = 0 THEN '-infinity' ELSE timestamptz '1900-01-01Z' + n * interval '1 h' END",
  list: 'ARRAY[n, NULL, -n]',
  span: "n * interval '1 minute'",
  address: "'10.0.0.0/8'::inet + n",
}

/** The lines of RECORD messages without their time. */
function recordsOf(stdout: string): string {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{"type":"RECORD"'))
  return lines.map((line) => line.replace(/"emitted_at":\d+/, '')).join('\n')
}

describe('records that are encoded in the WebAssembly module', () => {
  let db: TestDatabase
  let connector: Connector
  let expected: string

  before(async () => {
    db = await TestDatabase.create()
    const columns = Object.entries(COLUMNS).map(([name, value]) => `${value} AS "${name}"`)
    await db.sql(
      `CREATE TABLE t AS SELECT ${columns.join(', ')} FROM generate_series(1::int8, ${ROWS}) n`,
    )
    // Before PostgreSQL 14 the rows of a table are passed on one by one, those of a view are not
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
    it(`are the same ${when}`, async () => {
      expect((await read(env)) === expected).to.equal(true)
    })
  }

  it('are encoded without it in a limited address space, with an INFO', async () => {
    const catalog = configuredCatalog(await connector.catalog())
    const command = [process.execPath, ENTRY_POINT, ...(await connector.readArgs({ catalog }))]
    const script = `ulimit -v ${ADDRESS_SPACE_KIB}; exec "$@"`
    const { stdout } = await run('sh', ['-c', script, 'sh', ...command], { maxBuffer: 2 ** 27 })
    expect(stdout).to.match(/"level":"INFO","message":"[^"]*WebAssembly/)
    expect(recordsOf(stdout) === expected).to.equal(true)
  })
})
