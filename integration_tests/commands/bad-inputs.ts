/** Secret texts, which no output may contain. */
export const PASSWORD = 'pa55-W0RD-4711'
export const ROW_VALUE = 'row-value-0815'
export const QUERY_TEXT = 'query_text_1234'

/** An invalid config: its difference from a valid one, and the expected error. */
interface BadConfig {
  readonly name: string
  readonly config: Readonly<Record<string, unknown>>
  readonly message: string | RegExp
  /** Default: `config_error`. */
  readonly type?: 'transient_error'
}

export const BAD_CONFIGS: readonly BadConfig[] = [
  {
    name: 'no user',
    config: { username: undefined },
    message: "Either 'username' or 'user' parameter is required",
  },
  {
    name: 'no database',
    config: { database: undefined },
    message: "Either 'database' or 'dbname' parameter is required",
  },
  {
    name: 'neither',
    config: { database: '', username: undefined },
    message: "Missing required parameters: {'database', 'username'}",
  },
  { name: 'no host', config: { host: undefined }, message: "Parameter 'host' is required" },
  { name: 'port "abc"', config: { port: 'abc' }, message: "Parameter 'port' must be an integer" },
  { name: 'port 5432.5', config: { port: 5432.5 }, message: "Parameter 'port' must be an integer" },
  { name: 'port 0', config: { port: 0 }, message: "Parameter 'port' must be at least 1" },
  {
    name: 'a host that is a number',
    config: { host: 5 },
    message: "Parameter 'host' must be a text",
  },
  {
    name: 'schemas that are numbers',
    config: { schemas: [5] },
    message: /Parameter 'schemas[.\d]*' must be a text/,
  },
  {
    name: 'an unknown ssl_mode',
    config: { ssl_mode: { mode: 'perhaps' } },
    message: "Parameter 'ssl_mode.mode' must be one of",
  },
  {
    name: 'an unknown sync_mode',
    config: { sync_mode: 'sometimes' },
    message: "Parameter 'sync_mode' must be one of",
  },
  {
    name: 'incremental without a cursor_field',
    config: { sync_mode: 'incremental' },
    message: 'cursor_field is required for incremental sync_mode',
  },
  {
    name: 'an unknown host',
    config: { host: 'no-such-host.invalid' },
    message:
      /Failed to create connection pool: host "no-such-host\.invalid" (is unknown|could not be looked up)/,
  },
  {
    name: 'a closed port',
    config: { port: 1 },
    message: 'Failed to create connection pool: connection to "127.0.0.1", port 1, was refused',
  },
  {
    name: 'a wrong password',
    config: { password: `${PASSWORD}-wrong` },
    message: /password authentication failed for user "login_.*"\. Check username and password\./,
  },
  {
    name: 'an unknown user',
    config: { username: 'nobody_at_all' },
    message: 'password authentication failed for user "nobody_at_all"',
  },
  {
    name: 'an unknown database',
    config: { database: 'no_such_db' },
    message: 'database "no_such_db" does not exist',
  },
  {
    name: 'an unknown schema',
    config: { schemas: ['no_such_schema'] },
    message: "The schema 'no_such_schema' does not exist",
  },
  {
    name: 'a schema beside an unknown one',
    config: { schemas: ['public', 'No_Such'] },
    message: "The schema 'No_Such' does not exist",
  },
  {
    name: 'an unknown table',
    config: { table: 'no_such_table' },
    message: 'Table not found: no_such_table in schema public',
  },
  {
    name: 'a table without the SELECT privilege',
    config: { table: 'forbidden' },
    message:
      /may not read table 'forbidden' in schema 'public'\. Run GRANT SELECT ON "public"\."forbidden" TO "login_/,
  },
  {
    name: 'a schema without the USAGE privilege',
    config: { schemas: ['closed'] },
    message: 'Run GRANT USAGE ON SCHEMA "closed" TO',
  },
  {
    name: 'a query with a syntax error',
    config: { query: `SELECT ${QUERY_TEXT} FRM t` },
    message: "The 'query' parameter is not a single SELECT that only reads",
  },
  {
    name: 'a query of two statements',
    config: { query: `SELECT '${QUERY_TEXT}'; DROP TABLE t` },
    message: "The 'query' parameter is not a single SELECT that only reads",
  },
  {
    name: 'a query of a table that is not there',
    config: { query: 'SELECT a FROM not_there' },
    message: 'relation "not_there" does not exist',
  },
  {
    name: 'a query of a table without the SELECT privilege',
    config: { query: 'SELECT secret FROM forbidden' },
    message: 'permission denied for table forbidden',
  },
  {
    name: 'several problems at once',
    config: { schemas: ['no_such_schema', 'pg_toast'], query: `SELECT ${QUERY_TEXT} FRM t` },
    message:
      /The schema 'no_such_schema' does not exist.*'pg_toast' cannot be synced.*The 'query' parameter/,
  },
]

function streamOf(name: string, choice: object = {}): object {
  const stream = {
    name,
    namespace: 'public',
    json_schema: {},
    supported_sync_modes: ['full_refresh'],
  }
  return { stream, sync_mode: 'full_refresh', destination_sync_mode: 'append', ...choice }
}

/** Content of a catalog file, or null for a missing file, and the expected error. */
export const BAD_CATALOGS: readonly (readonly [name: string, content: unknown, message: string])[] =
  [
    ['is missing', null, 'does not exist'],
    ['is empty', '', 'is empty'],
    ['is not JSON', `{"streams": [${ROW_VALUE}`, 'is not JSON: correct line 1, column 14'],
    ['is a list', [], 'must contain a JSON object'],
    ['has no streams', {}, "has no list 'streams'"],
    ['selects nothing', { streams: [] }, 'selects no streams'],
    ['has a stream without a name', { streams: [{ stream: {} }] }, 'a stream without a name'],
    [
      'has an unknown stream',
      { streams: [streamOf('no_such_table')] },
      "Stream 'public.no_such_table' of the catalog is not in database",
    ],
    [
      'has a stream without the SELECT privilege',
      { streams: [streamOf('forbidden')] },
      "may not read table 'forbidden' in schema 'public'",
    ],
    [
      'has an invalid sync mode',
      { streams: [streamOf('t', { sync_mode: 'INVALID' })] },
      "has an unknown 'sync_mode' in 'public.t'",
    ],
    ['has a stream twice', { streams: [streamOf('t'), streamOf('t')] }, "'public.t' twice"],
    [
      'has two unknown streams',
      { streams: [streamOf('gone_1'), streamOf('gone_2')] },
      "Stream 'public.gone_2' of the catalog is not in database",
    ],
  ]

export const BAD_STATES: readonly (readonly [name: string, content: unknown, message: string])[] = [
  ['is missing', null, 'does not exist'],
  ['is not JSON', `[${ROW_VALUE}`, 'is not JSON: correct line 1, column 2'],
  ['is a text', '"state"', '/state.json: The state is malformed: entry 1 is not an object. Use'],
  [
    'has an entry without a stream',
    [{ type: 'STREAM' }],
    '/state.json: The state is malformed: entry 1 is not of type STREAM or GLOBAL. Use',
  ],
]

export const BAD_CONFIG_FILES: readonly (readonly [
  name: string,
  content: unknown,
  message: string,
])[] = [
  ['is missing', null, 'does not exist'],
  ['is empty', '', 'is empty'],
  ['is not JSON', `{"password": "${PASSWORD}" "host"}`, 'is not JSON: correct line 1, column'],
  ['is a list', [PASSWORD], 'must contain a JSON object'],
  ['is null', 'null', 'must contain a JSON object'],
  ['is a text', JSON.stringify(PASSWORD), 'must contain a JSON object'],
]

export const USAGE: readonly (readonly [args: readonly string[], message: string])[] = [
  [[], 'A command is required'],
  [['frobnicate'], 'Unknown'],
  [['spec', 'check'], ''],
  [['check'], 'config'],
  [['check', '--config'], 'config'],
  [['check', '--config', 'a', '--config', 'b'], '--config is given more than once'],
  [['discover', '--config', 'x', '--frobnicate'], 'Unknown option: --frobnicate'],
  [['discover', '--config', 'x', '--catalog', 'y'], 'Unknown option: --catalog'],
  [['read', '--catalog', 'y'], 'config'],
  [['read', '--config', ''], '--config needs a value'],
]
