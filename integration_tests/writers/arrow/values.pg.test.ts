import { type Table, tableFromIPC, TimeUnit } from 'apache-arrow'
import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  type Connector,
  ENTRY_POINT,
  runConnector,
  withConnector,
} from '../../helpers/connector.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { parseMessage } from '../../helpers/messages.ts'
import { arrowArgs, listFiles, readArrow } from './arrow-files.ts'

const run = promisify(execFile)
const ROWS = 2500

const CREATE_ALL = `
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE all_types (
  id int8 NOT NULL PRIMARY KEY, small int2, normal int4, reference oid, flag bool, single float4, double float8,
  price numeric(12,2), wide numeric(60,10), free numeric, rounded numeric(6,0), day date, at timestamp, at_tz timestamptz,
  code uuid, label text, fixed char(5), feeling mood, doc jsonb, plain json, raw bytea, list int4[], words text[],
  spot point, clock time, cash money, span interval, address inet);
INSERT INTO all_types SELECT
  n, n - 1000, n * 100003, 4294967295 - n, n % 3 = 0, n / 7.0, sqrt(n), n * 1.01, n * 12345678901234567890.0123456789,
  n * 1e30, n - 500, date '1600-01-01' + n * 100, timestamp '1999-12-31 23:59:59.999999' + n * interval '1 day 1 us',
  timestamptz '1900-01-01Z' + n * interval '30 days', md5(n::text)::uuid, 'Zoë 🦣 "' || n || '" \\ ' || chr(10), 'ab',
  'happy', jsonb_build_object('n', n), '{"a": 1}', decode(md5(n::text), 'hex'), ARRAY[n, NULL], ARRAY['a"b', 'ü'],
  point(n, 0.5), time '00:00' + n * interval '1 second', n::numeric::money, n * interval '1 minute', '10.0.0.1'
FROM generate_series(1, ${ROWS}) AS n;
INSERT INTO all_types (id) VALUES (0);
INSERT INTO all_types (id, price, free, double, day, at, at_tz) VALUES
  (-1, 'NaN', 'NaN', 'NaN', 'infinity', 'infinity', '-infinity'),
  (-2, 0, 'Infinity', '-Infinity', '4713-01-01 BC', '1677-09-21 00:12:43.145224', '2262-04-11 23:47:16.854775Z'),
  (-3, -0.01, 0.1, '-0', '5874897-12-31', '1677-09-21 00:12:43.145225', '2262-04-11 23:47:16.854776Z')`

/** SQL for the expected text of the Arrow value of a column. */
const EXPECTED: Readonly<Record<string, string>> = {
  id: 'id',
  small: 'small',
  normal: 'normal',
  reference: 'reference',
  flag: 'flag',
  single: 'single::float8',
  double: 'double',
  price: 'price::float8',
  wide: 'wide::float8',
  free: 'free::float8',
  rounded: 'rounded::float8',
  day: "CASE WHEN isfinite(day) THEN day - date '1970-01-01' END",
  at: nanosOf('at'),
  at_tz: nanosOf('at_tz'),
  code: 'code',
  label: 'label',
  fixed: 'rpad(fixed::text, 5)',
  feeling: 'feeling',
  doc: 'doc',
  plain: 'plain',
  raw: "'\\x' || encode(raw, 'hex')",
}

function nanosOf(column: string): string {
  const range = `${column} BETWEEN '1677-09-21 00:12:43.145225' AND '2262-04-11 23:47:16.854775'`
  return `CASE WHEN isfinite(${column}) AND ${range} THEN ${microsOf(column)} * 1000 END`
}

/**
 * Exact also before PostgreSQL 14, where `extract` returns a double: it contains whole seconds, and
 * the microseconds of a minute.
 */
function microsOf(column: string): string {
  const seconds = `extract(epoch FROM date_trunc('second', ${column}))::numeric(30,0)`
  return `(${seconds} * 1000000 + extract(microseconds FROM ${column})::numeric(30,0) % 1000000)`
}

function printed(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'string') return value
  const isPlain = typeof value === 'number' || typeof value === 'bigint'
  if (isPlain || typeof value === 'boolean') return `${value}`
  throw new Error('an Arrow value of another kind')
}

/** The stored value of a cell, not a JavaScript Date, which has only milliseconds. */
function cells(table: Table, column: string): (string | null)[] {
  const vector = table.getChild(column)!
  return vector.data.flatMap((data) =>
    Array.from({ length: data.length }, (_, row) => {
      if (!data.getValid(row)) return null
      const isPlain = /^(?:Timestamp|Date)/.test(`${data.type}`)
      return printed(isPlain ? data.values[row] : (vector.getChildAt(0) ?? valueAt(data, row)))
    }),
  )

  function valueAt(data: (typeof vector.data)[number], row: number): unknown {
    const index = vector.data.slice(0, vector.data.indexOf(data)).reduce((n, d) => n + d.length, 0)
    return vector.get(index + row)
  }
}

interface Announced {
  readonly name?: string
  readonly arrow_schema?: {
    readonly fields: readonly { name: string; type: string; nullable: boolean }[]
  }
}

describe('Arrow values', () => {
  let database: TestDatabase
  let connector: Connector
  before(async () => {
    database = await TestDatabase.create()
    await database.sql("SET timezone = 'UTC'")
    const { major } = database.server
    /* numeric has infinities since PostgreSQL 14 */
    const sql = major < 14 ? CREATE_ALL.replace("(-2, 0, 'Infinity'", "(-2, 0, 'NaN'") : CREATE_ALL
    await database.sql(sql)
    connector = await withConnector(database.config({ batch_size: 1000, table: 'all_types' }))
  })
  after(async () => {
    await connector[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  it('equal those of SQL, in batches of batch_size rows, including nulls', async () => {
    const done = await runConnector(arrowArgs(connector, 'plain'))
    expect(done.errors).to.deep.equal([])
    expect(done.records).to.deep.equal([])
    const directory = join(connector.directory, 'plain')
    expect(await listFiles(directory)).to.deep.equal(['public.all_types.arrow'])
    const table = await readArrow(join(directory, 'public.all_types.arrow'))
    expect(table.batches.map(({ numRows }) => numRows)).to.deep.equal([1000, 1000, ROWS + 4 - 2000])
    const select = Object.entries(EXPECTED).map(([name, sql]) => `(${sql})::text AS "${name}"`)
    const rows = await database.sql(`SELECT ${select.join(', ')} FROM all_types ORDER BY ctid`)
    for (const column of Object.keys(EXPECTED)) {
      const numeric = /float|double|price|wide|free|rounded/.test(`${column} ${EXPECTED[column]}`)
      const expected = rows.map((row) => {
        const text = row[column] ?? null
        if (column === 'flag' && text !== null) return text === 'true' ? 'true' : 'false'
        return numeric && text !== null ? printed(Number(text)) : text
      })
      expect(cells(table, column), column).to.deep.equal(expected)
    }
    const count = done.states.reduce((sum, { sourceStats: s }) => sum + (s?.recordCount ?? 0), 0)
    expect(count).to.equal(ROWS + 4)
  })

  it('have the text of the record if a type has no corresponding Arrow type', async () => {
    const columns = ['list', 'words', 'spot', 'clock', 'cash', 'span', 'address', 'raw', 'label']
    const table = await readArrow(join(connector.directory, 'plain', 'public.all_types.arrow'))
    const { records } = await connector.read({})
    for (const column of columns) {
      const expected = records.map(({ data }) => {
        const value = data[column] ?? null
        return value === null || typeof value === 'string' ? value : JSON.stringify(value)
      })
      if (column === 'cash') continue
      expect(cells(table, column), column).to.deep.equal(expected)
    }
    expect(cells(table, 'cash')[0]).to.equal('1.00')
  })

  it('cause a warning for values that a column cannot hold, and for rounded numerics', async () => {
    const { logs } = await runConnector(arrowArgs(connector, 'warned'))
    const warnings = logs.filter(({ level }) => level === 'WARN').map(({ message }) => message)
    expect(warnings).to.have.length(4)
    expect(warnings[0]).to.include("'price', 'wide', 'free', 'rounded'")
    expect(warnings[1]).to.include(
      "Column 'day' of stream 'public.all_types' has values that Arrow's date32 cannot hold (1): they are null.",
    )
    expect(warnings[2]).to.include(
      "Column 'at' of stream 'public.all_types' has values that Arrow's timestamp[ns] cannot hold (2)",
    )
    expect(warnings[3]).to.include(
      "Column 'at_tz' of stream 'public.all_types' has values that Arrow's timestamp[ns, UTC] cannot hold (2)",
    )
  })

  it('are exact with --arrow-exact', async () => {
    const done = await runConnector([...arrowArgs(connector, 'exact'), '--arrow-exact'])
    expect(done.errors).to.deep.equal([])
    const table = await readArrow(join(connector.directory, 'exact', 'public.all_types.arrow'))
    const types = Object.fromEntries(table.schema.fields.map(({ name, type }) => [name, `${type}`]))
    expect(types).to.deep.include({ small: 'Int16', normal: 'Int32', id: 'Int64', free: 'Utf8' })
    expect(types['code']).to.equal('FixedSizeBinary[16]')
    expect(table.schema.fields.find(({ name }) => name === 'at')?.type.unit).to.equal(
      TimeUnit.MICROSECOND,
    )
    const rows = await database.sql(`
      SELECT free::text, (price * 100)::numeric(20,0)::text AS price, (wide * 10000000000)::numeric(80,0)::text AS wide,
             rounded::text, encode(uuid_send(code), 'hex') AS code,
             CASE WHEN isfinite(at) THEN ${microsOf('at')}::text END AS at
      FROM all_types ORDER BY ctid`)
    expect(cells(table, 'free')).to.deep.equal(
      rows.map(({ free }) => (/NaN|Inf/.test(free ?? '') ? null : free)),
    )
    expect(cells(table, 'at')).to.deep.equal(rows.map(({ at }) => at ?? null))
    const words = (name: string) => table.getChild(name)!
    rows.forEach((row, index) => {
      for (const name of ['price', 'wide', 'rounded']) {
        const value: Uint32Array | null = words(name).get(index)
        const text = row[name] ?? null
        expect(value === null ? null : `${unscaled(value)}`).to.equal(text === 'NaN' ? null : text)
      }
      const code: Uint8Array | null = words('code').get(index)
      expect(code === null ? null : Buffer.from(code).toString('hex')).to.equal(row['code'] ?? null)
    })
  })

  it('are streamed to stdout without --output, with the messages on stderr', async () => {
    const config = ['read', '--config', connector.configFile, '--format', 'arrow']
    const options = { encoding: 'buffer', maxBuffer: 2 ** 28 } as const
    const { stdout, stderr } = await run(process.execPath, [ENTRY_POINT, ...config], options)
    const table = tableFromIPC(stdout)
    expect(table.numRows).to.equal(ROWS + 4)
    expect(table.batches).to.have.length(3)
    const types = new Set(
      stderr
        .toString()
        .trim()
        .split('\n')
        .map((line) => parseMessage(line).type),
    )
    expect([...types]).to.have.members(['LOG', 'TRACE', 'STATE'])
  })

  it('require a single stream for stdout', async () => {
    await using two = await withConnector(database.config())
    await database.sql('CREATE TABLE IF NOT EXISTS second (id int)')
    const args = [ENTRY_POINT, 'read', '--config', two.configFile, '--format', 'arrow']
    const failure: { code?: number; stderr?: string } = await run(process.execPath, args).catch(
      (error: { code: number; stderr: string }) => error,
    )
    expect(failure.code).to.equal(1)
    expect(failure.stderr).to.include('Choose one with --stream')
  })

  it('have the schema that discover --arrow-schema shows, which changes nothing else', async () => {
    const args = ['discover', '--config', connector.configFile]
    const plain = await runConnector(args)
    const withSchema = await runConnector([...args, '--arrow-schema'])
    const { arrow_schema: schema, ...rest }: Announced = Object.assign(
      {},
      withSchema.catalog?.streams[0],
    )
    expect(rest).to.deep.equal(plain.catalog?.streams[0])
    const fields = schema?.fields ?? []
    expect(fields.slice(0, 8)).to.deep.equal([
      { name: 'id', type: 'int64', nullable: false },
      { name: 'small', type: 'int64', nullable: true },
      { name: 'normal', type: 'int64', nullable: true },
      { name: 'reference', type: 'int64', nullable: true },
      { name: 'flag', type: 'bool', nullable: true },
      { name: 'single', type: 'float64', nullable: true },
      { name: 'double', type: 'float64', nullable: true },
      { name: 'price', type: 'float64', nullable: true },
    ])
    const byName = Object.fromEntries(fields.map(({ name, type }) => [name, type]))
    expect(byName).to.deep.include({ day: 'date32', at: 'timestamp[ns]', doc: 'utf8' })
    expect(byName['at_tz']).to.equal('timestamp[ns, UTC]')
    const exact = await runConnector([...args, '--arrow-schema', '--arrow-exact'])
    const text = JSON.stringify(exact.catalog)
    for (const type of ['decimal128(12, 2)', 'decimal256(60, 10)', 'fixed_size_binary[16]']) {
      expect(text).to.include(type)
    }
  })
})

/** Converts words of 32 bits in two's complement, the lowest first. */
function unscaled(words: Uint32Array): bigint {
  const bits = words.length * 32
  const value = words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n)
  return BigInt.asIntN(bits, value)
}
