import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHECKOUT } from '../../helpers/checkout.ts'
import { promisify } from 'node:util'
import { type Connector, runConnector, withConnector } from '../../helpers/connector.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { printLines } from '../../helpers/report.ts'
import { arrowArgs } from './arrow-files.ts'

const run = promisify(execFile)
const LIBRARIES = ['pyarrow', 'polars', 'duckdb'] as const
const ROOT = process.env['PYTHON_TESTS_DIR'] ?? join(tmpdir(), 'source-postgres-python')
const PYTHON = join(ROOT, 'arrow', 'bin', 'python')
const INSTALL_MS = 60_000
/** The script is beside the source of this file, which runs from dist. */
const SCRIPT = `${CHECKOUT}integration_tests/writers/arrow/read_arrow.py`

/** Installs Python with the libraries once; returns whether that was possible. */
async function installPython(): Promise<boolean> {
  try {
    if (existsSync(PYTHON)) return true
    await run('python3', ['-m', 'venv', join(ROOT, 'arrow')], { timeout: INSTALL_MS })
    const install = ['-m', 'pip', 'install', '--quiet', ...LIBRARIES]
    await run(PYTHON, install, { timeout: INSTALL_MS })
    return true
  } catch {
    return false
  }
}

/** Expected output of `read_arrow.py`. */
const EXPECTED_SQL = `
SELECT jsonb_agg(jsonb_build_array(
  id::text, flag, ratio, day::text, (extract(epoch FROM at) * 1000000000)::numeric(30,0)::text,
  (extract(epoch FROM at_tz) * 1000000000)::numeric(30,0)::text, label, price::float8) ORDER BY id) AS rows
FROM mix`

describe('Arrow files in Python', function () {
  this.timeout(3 * INSTALL_MS)
  let isInstalled = false
  let database: TestDatabase
  let connector: Connector
  before(async () => {
    isInstalled = await installPython()
    database = await TestDatabase.create()
    await database.sql(`
      CREATE TABLE mix AS SELECT n AS id, CASE WHEN n % 5 > 0 THEN n % 3 = 0 END AS flag,
        CASE WHEN n % 7 > 0 THEN sqrt(n) END AS ratio, CASE WHEN n % 4 > 0 THEN date '1700-02-28' + n::int * 40 END AS day,
        timestamp '1969-12-31 23:59:59.999999' + n * interval '7 hours 1 us' AS at,
        CASE WHEN n % 2 > 0 THEN timestamptz '2024-02-29Z' - n * interval '11 days' END AS at_tz,
        CASE WHEN n % 9 > 0 THEN 'Zoë 🦣 ' || n END AS label, (n * 1.01)::numeric(12,2) AS price
      FROM generate_series(1::int8, 2500) AS n`)
    connector = await withConnector(database.config({ table: 'mix', batch_size: 1000 }))
    for (const exact of [false, true]) {
      const args = arrowArgs(connector, exact ? 'exact' : 'plain')
      const done = await runConnector(exact ? [...args, '--arrow-exact'] : args)
      expect(done.errors).to.deep.equal([])
    }
  })
  after(async () => {
    await connector[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  for (const library of LIBRARIES) {
    it(`${library} reads the values of SQL, nulls and several batches`, async () => {
      if (!isInstalled) {
        printLines('    (no Python libraries could be installed: not tested)')
        return
      }
      for (const kind of ['plain', 'exact']) {
        const file = join(connector.directory, kind, 'public.mix.arrow')
        const options = { maxBuffer: 2 ** 28 }
        const { stdout } = await run(PYTHON, [SCRIPT, library, file], options)
        const read: { names: string[]; rows: unknown[][] } = JSON.parse(stdout)
        const [expected] = await database.sql(`SET timezone = 'UTC'; ${EXPECTED_SQL}`)
        const rows: unknown[][] = JSON.parse(expected?.['rows'] ?? '[]')
        const price = kind === 'plain' ? Number : (value: unknown) => Number(value).toFixed(2)
        expect(read.rows).to.deep.equal(rows.map((row) => [...row.slice(0, -1), price(row.at(-1))]))
      }
    })
  }
})
