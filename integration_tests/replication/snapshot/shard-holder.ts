import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'chai'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { parseShard, type Shard } from '../../../src/replication/snapshot/shards.ts'
import type { TestDatabase } from '../../helpers/database.ts'
import { type Connector, ENTRY_POINT, type Run, runConnector } from '../../helpers/connector.ts'

/** A running `shards` command, whose standard input stays open. */
export class ShardHolder implements AsyncDisposable {
  /** The lines that it has printed. */
  readonly lines: readonly string[]
  readonly process: ChildProcess
  readonly stderr: Promise<string>

  private constructor(process: ChildProcess, lines: readonly string[], stderr: Promise<string>) {
    this.process = process
    this.lines = lines
    this.stderr = stderr
  }

  /** Waits for `count` shards. @throws Error with the messages if it ends earlier. */
  static async start(
    { configFile }: Connector,
    { stream, count, extra = [] }: { stream: string; count: number; extra?: readonly string[] },
  ): Promise<ShardHolder> {
    const args = ['shards', '--config', configFile, '--stream', stream, '--count', `${count}`]
    const child = spawn(process.execPath, [ENTRY_POINT, ...args, ...extra], { stdio: 'pipe' })
    const stderr = text(child.stderr)
    const lines: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      if (lines.push(line) === count) break
    }
    if (lines.length < count) throw new Error(await stderr)
    return new ShardHolder(child, lines, stderr)
  }

  /** The parsed lines. */
  get shards(): readonly Shard[] {
    return this.lines.map((line) => parseShard(JSON.parse(line)))
  }

  /** Waits for its exit code. */
  async ended(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      await once(this.process, 'exit')
    }
    return this.process.exitCode
  }

  /** Ends it by closing its standard input. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.process.stdin?.end()
    await this.ended()
  }
}

/** Reads one shard. */
export async function readShard(
  { configFile }: Connector,
  shard: string,
  extra: readonly string[] = [],
): Promise<Run> {
  return await runConnector(['read', '--config', configFile, '--shard', shard, ...extra])
}

/** Ids and values of a table in an exported snapshot, read by plain SQL. */
export async function contentIn(db: TestDatabase, snapshot: string): Promise<string[]> {
  await using session = await db.session()
  await session.sql('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await session.sql(`SET TRANSACTION SNAPSHOT '${snapshot}'`)
  const rows = await session.sql('SELECT id, v FROM t')
  return rows.map(({ id, v }) => `${id}:${v}`).toSorted()
}

/** Ids and values of all shards. */
export async function readAll(connector: Connector, holder: ShardHolder): Promise<string[]> {
  const rows: string[] = []
  const runs = await Promise.all(holder.lines.map(async (line) => await readShard(connector, line)))
  for (const { records, code, errors } of runs) {
    expect(errors).to.deep.equal([])
    expect(code).to.equal(0)
    for (const { data } of records) rows.push(`${String(data['id'])}:${String(data['v'])}`)
  }
  return rows.toSorted()
}
