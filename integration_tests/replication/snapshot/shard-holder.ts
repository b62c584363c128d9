import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { parseShard, type Shard } from '../../../src/replication/snapshot/shards.ts'
import { type Connector, ENTRY_POINT, type Run, runConnector } from '../../helpers/connector.ts'

/** A running `shards` command, whose standard input stays open. */
export class ShardHolder implements AsyncDisposable {
  /** The lines that it printed. */
  readonly lines: readonly string[]
  readonly process: ChildProcess
  readonly stderr: Promise<string>

  private constructor(process: ChildProcess, lines: readonly string[], stderr: Promise<string>) {
    this.process = process
    this.lines = lines
    this.stderr = stderr
  }

  /** Waits for `count` shards. @throws Error with the messages if it ends before. */
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

  /** What the lines say. */
  get shards(): readonly Shard[] {
    return this.lines.map((line) => parseShard(JSON.parse(line)))
  }

  /** Its exit code. */
  async ended(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      await once(this.process, 'exit')
    }
    return this.process.exitCode
  }

  /** Ends it as a user does. */
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
