import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { tableFromIPC } from 'apache-arrow'
import { CHECKOUT } from './helpers/checkout.ts'
import { type Connector, ENTRY_POINT, withConnector } from './helpers/connector.ts'
import { TestDatabase } from './helpers/database.ts'
import { recordsOf, parseMessage } from './helpers/messages.ts'
import { sharedServer } from './helpers/shared-server.ts'

const run = promisify(execFile)
const CREATE_ORDERS = `CREATE TABLE orders AS SELECT n AS id, now() - n * interval '1 s' AS updated_at
  FROM generate_series(1, 20000) AS n`
/** First version in which a table can be divided. */
const MAJOR_WITH_RANGES = 14
/** Matches the script of the container, a block of YAML, and its indentation. */
const SCRIPT = /\n( *)- (?:\||>-)\n((?:\1  .*\n)+)/

describe('the scripts of the Kubernetes manifests', () => {
  it('of the CronJob: each run writes a file with what has changed', async () => {
    await using db = await TestDatabase.create()
    await db.sql(CREATE_ORDERS)
    const selection = { table: 'orders', sync_mode: 'incremental', cursor_field: 'updated_at' }
    await using connector = await withConnector(db.config(selection))
    await mkdir(join(connector.directory, 'state'))
    const script = (await scriptOf('docs/operations.md')).replaceAll('\n', ' ')
    await start(connector, script)
    await db.sql('UPDATE orders SET updated_at = now() WHERE id <= 3')
    await sleep(1000) // the file is named after the second
    await start(connector, script)
    expect(await recordCounts(join(connector.directory, 'state'))).to.deep.equal([20_000, 3])
  })

  it('of the Job: pods that start before the holder read all rows, and it starts once', async () => {
    const count = (await sharedServer()).major >= MAJOR_WITH_RANGES ? 3 : 1
    await using db = await TestDatabase.create()
    await db.sql(CREATE_ORDERS)
    await using connector = await withConnector(db.config())
    const script = (await scriptOf('docs/shards.md')).replace('timeout 120', 'timeout 5')
    const directory = join(connector.directory, 'data')
    const startPod = async (index: number): Promise<number> =>
      await start(connector, script, {
        JOB_COMPLETION_INDEX: `${index}`,
        COUNT: `${count}`,
        DIRECTORY: directory,
      })
    const indexes = Array.from({ length: count }, (_, index) => index + 1)
    const pods = indexes.map(async (index) => await startPod(index))
    const holder = startPod(0)
    expect(await Promise.all(pods)).to.deep.equal(pods.map(() => 0))
    expect(await startPod(0)).to.equal(2)
    expect(await holder).to.equal(0)
    const tables = indexes.map((index) => join(directory, `${index - 1}`, 'public.orders.arrow'))
    const files = await Promise.all(tables.map(async (path) => await readFile(path)))
    const ids = files.flatMap((bytes) =>
      [...(tableFromIPC(bytes).getChild('id') ?? [])].map(Number),
    )
    expect(ids.toSorted((a, b) => a - b)).to.deep.equal(
      Array.from({ length: 20_000 }, (_, n) => n + 1),
    )
  })
})

/** Returns the script in the manifest of a page. */
async function scriptOf(page: string): Promise<string> {
  const [, indent = '', script = ''] =
    SCRIPT.exec(await readFile(`${CHECKOUT}${page}`, 'utf8')) ?? []
  expect(script, page).to.include('$AIRBYTE_ENTRYPOINT')
  return script.replaceAll(`\n${indent}  `, '\n').trim()
}

/** Runs a script with the directories of a pod below that of the connector; its exit code. */
async function start(
  { directory }: Connector,
  script: string,
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const local = script
    .replaceAll('/secrets/', `${directory}/`)
    .replaceAll('/state/', `${directory}/state/`)
  const AIRBYTE_ENTRYPOINT = `${process.execPath} ${ENTRY_POINT}`
  const options = { env: { ...process.env, AIRBYTE_ENTRYPOINT, ...env } }
  const failure: unknown = await run('sh', ['-c', local], options).then(
    () => null,
    (error: unknown) => error,
  )
  if (failure === null) return 0
  return failure instanceof Error && 'code' in failure ? Number(failure.code) : Number.NaN
}

/** Number of records in each file of messages, in the order of their names. */
async function recordCounts(directory: string): Promise<number[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).toSorted()
  const texts = await Promise.all(
    names.map(async (name) => await readFile(join(directory, name), 'utf8')),
  )
  return texts.map((text) => recordsOf(text.trim().split('\n').map(parseMessage), 'orders').length)
}
