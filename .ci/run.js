import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Long tests run folder by folder. The slow folders start first, so that both workers end at about
 * the same time.
 */
const SLOW_FOLDERS = ['replication/soak', 'sync', 'replication/cursor']
/**
 * Long tests that depend on the version of the server. Mocha treats a pattern whose only magic is
 * braces as a file name, so each file is listed.
 */
const LONG_ON_OTHERS = [
  'postgres/walsender/session.long.pg.test.js',
  'replication/cursor/cursor-operators.long.pg.test.js',
  'replication/snapshot/materialized-views.long.pg.test.js',
  'replication/snapshot/shards*.long.pg.test.js',
  'types/random-values.long.pg.test.js',
  'types/system-relations.long.pg.test.js',
  'wire/*.long.pg.test.js',
]
/**
 * For majors besides the newest: patterns of the tests that depend on the version of the server.
 */
const OTHER_MAJORS = {
  12: [
    '{commands,introspection,postgres,replication,types,wire}/**/!(*.long).pg.test.js',
    'accelerator/*.long.pg.test.js',
    'commands/stop*.long.pg.test.js',
    'postgres/connection/addresses.long.pg.test.js',
    'postgres/connection/entra/entra.long.pg.test.js',
    'postgres/connection/ssh/ssh-password.long.pg.test.js',
    'postgres/session/health.long.pg.test.js',
    'postgres/session/pool.long.pg.test.js',
    ...LONG_ON_OTHERS,
  ],
  15: [
    '{postgres/walsender,replication,types,wire}/**/!(*.long).pg.test.js',
    'replication/cdc/load/seams.long.pg.test.js',
    'replication/cdc/slot/slot-lost.long.pg.test.js',
    'replication/cdc/slot/slot.long.pg.test.js',
    'replication/cdc/tables/partitions.long.pg.test.js',
    'replication/cdc/tables/replaced-tables.long.pg.test.js',
    'replication/cdc/transactions.long.pg.test.js',
    'replication/cdc/values/values.long.pg.test.js',
    ...LONG_ON_OTHERS,
  ],
}
/** Before PostgreSQL 14, a table is read in one scan: interrupted reads are tested there, too. */
const LONG_ON_OLDEST = [
  'replication/{soak,cdc,cdc-matrix,misconfigurations}/**/*.long.pg.test.js',
  'replication/cursor/{late-commits,plans}*.long.pg.test.js',
]
const WORKERS = 2
const MAX_JOB_MS = 30 * 60_000
/** Exit code of a script that cannot run on this machine. */
const NOT_RUN = 77
const TESTS = 'dist/integration_tests'
const DOCKER_UP = '../shared/docker/up'

const totals = { passed: 0, failed: 0 }
/** @type {string[]} */
const failures = []

await main()

async function main() {
  await run({ name: 'programs', command: '.ci/install-programs', isOptional: true })
  const isReady =
    (await run({ name: 'npm ci', command: 'npm ci --no-audit --no-fund' })) &&
    (await run({ name: 'npm run build', command: 'npm run build' }))
  if (isReady) {
    const queue = jobs()
    const work = async () => {
      for (let job = queue.shift(); job !== undefined; job = queue.shift()) await run(job)
    }
    await Promise.all(Array.from({ length: WORKERS }, work))
  }
  for (const failure of failures) print(failure)
  print(`\n${totals.passed} passed, ${totals.failed} failed`)
  process.exitCode = totals.failed === 0 ? 0 : 1
}

/** Returns all jobs after the build, in the order in which they start. */
function jobs() {
  const long = longFolders().map((folder) =>
    mocha(`long tests: ${folder}`, [`${folder}/*.long.pg.test.js`]),
  )
  const slow = long.splice(0, SLOW_FOLDERS.length)
  return [
    ...slow,
    mocha('long tests, PostgreSQL 12', LONG_ON_OLDEST, { PG_VERSION: '12' }),
    { name: 'npm run test:pg', command: 'npm run test:pg' },
    ...Object.entries(OTHER_MAJORS).map(([major, patterns]) =>
      // The newest major reads small tables without the WebAssembly module, the others with it
      mocha(`PostgreSQL ${major}`, patterns, { PG_VERSION: major, SOURCE_POSTGRES_WASM: 'always' }),
    ),
    imageTests(),
    ...long,
    { name: 'npm run check', command: 'npm run check', isTest: true },
    { name: 'unit tests', command: "npx mocha 'dist/src/**/*.test.js'" },
    { name: 'PyAirbyte', command: 'integration_tests/run-python.sh sync', isTest: true },
    { name: 'Spark', command: 'integration_tests/run-python.sh spark', isTest: true },
  ]
}

function longFolders() {
  const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  const folders = files
    .filter((file) => file.endsWith('.long.pg.test.js'))
    .map((file) => dirname(file))
  return [...new Set([...SLOW_FOLDERS, ...folders.toSorted()])]
}

function mocha(name, patterns, env = {}, setup = 'helpers/shared-server.js --timeout 400000') {
  const paths = patterns.map((pattern) => `'${TESTS}/${pattern}'`).join(' ')
  return { name, command: `npx --no-install mocha --require ${TESTS}/${setup} ${paths}`, env }
}

/**
 * Returns the image tests. They need a Docker engine: a running one, or one that a script beside
 * the checkout starts.
 */
function imageTests() {
  const start = `docker info || ${DOCKER_UP} node:24-bookworm-slim postgres:15`
  const engine = `(${start}) >/dev/null 2>&1 || exit ${NOT_RUN}`
  const setup = 'image/shared-world.js --timeout 600000'
  const env = { TESTCONTAINERS_RYUK_DISABLED: 'true' }
  const { name, command } = mocha('image', ['image/*.image.test.js'], env, setup)
  return { name, command: `${engine}; ${command}`, env }
}

/**
 * Runs a job, prints its output when it has ended, and counts its tests: those that mocha reports,
 * or the job itself if it `isTest`. A job that fails without a failed test is one failure, unless
 * it `isOptional`.
 */
async function run({ name, command, env = {}, isTest = false, isOptional = false }) {
  const startedMs = Date.now()
  print(`=== ${name}: started`)
  const { code, output } = await execute(command, env)
  const seconds = Math.round((Date.now() - startedMs) / 1000)
  print(
    `\n=== ${name}: ${code === NOT_RUN ? 'cannot run here' : `exit code ${code}`}, ${seconds} s\n${output}`,
  )
  if (isOptional || code === NOT_RUN) return true
  const failed = count(output, 'failing')
  totals.passed += count(output, 'passing') + (isTest && code === 0 ? 1 : 0)
  totals.failed += code !== 0 && failed === 0 ? 1 : failed
  if (code !== 0) failures.push(`\n=== ${name}: failed\n${detailsOf(output)}`)
  return code === 0
}

function execute(command, env) {
  return new Promise((resolve) => {
    const child = spawn('bash', ['-c', command], {
      detached: true,
      env: { ...process.env, CI: 'true', NO_COLOR: '1', PG_VERSION: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text))
    }
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), MAX_JOB_MS)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code: code ?? signal, output })
    })
  })
}

/** Returns the sum of mocha's summary lines, such as `  12 passing (3s)`. */
function count(output, word) {
  const lines = output.matchAll(new RegExp(`^  (\\d+) ${word}(?: \\(\\w+\\))?$`, 'gm'))
  return [...lines].reduce((sum, [, number]) => sum + Number(number), 0)
}

/** Returns mocha's report of failures, or the end of the output. */
function detailsOf(output) {
  const start = output.search(/^ {2}\d+ failing/m)
  return start === -1 ? output.split('\n').slice(-40).join('\n') : output.slice(start)
}

function print(text) {
  process.stdout.write(`${text}\n`)
}
