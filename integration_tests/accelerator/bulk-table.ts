/** Types with and without an op; common values and those that the module hands back. */
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
  price: 'CASE WHEN n % 70 = 0 THEN NULL ELSE -n * 1.01 END::numeric(12,2)',
  wide: '(n * 12345678901234567890.012)::numeric(50,3)',
  list: 'ARRAY[n, NULL, -n]',
  span: "n * interval '1 minute'",
  address: "'10.0.0.0/8'::inet + n",
}

/** Builds the statement that creates a table of all these columns. */
export function createBulkTable(name: string, rows: number): string {
  const columns = Object.entries(COLUMNS).map(([column, value]) => `${value} AS "${column}"`)
  return `CREATE TABLE ${name} AS SELECT ${columns.join(', ')} FROM generate_series(1::int8, ${rows}) n`
}
