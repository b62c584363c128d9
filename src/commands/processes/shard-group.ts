import { join } from 'node:path'
import type { JsonObject } from '../../json/json.ts'
import { streamLabel } from '../../protocol/stream-names.ts'
import { buildShard, type Shard } from '../../replication/snapshot/shards.ts'
import type { StreamPlan } from '../../replication/stream-plan.ts'
import { log, type Run } from '../../run-context.ts'
import type { PartFiles } from '../../writers/writer.ts'
import { type Amount, type Program, ShardWorker } from './shard-worker.ts'
import type { Turns } from './turns.ts'

/** `--processes` */
export interface Processes {
  /** How many read a table, this one among them. */
  readonly count: number
  readonly program: Program
}

/** What large tables are divided with. */
export interface Division {
  readonly processes: Processes
  readonly parts: PartFiles
  /** One table is divided at a time, so that there are never more processes. */
  readonly turns: Turns
  /** As it was given to this process. */
  readonly config: unknown
  readonly isExact: boolean
}

/** Processes that read shards of one stream, into directories of their own. They have ended when it is disposed of. */
export class ShardGroup implements AsyncDisposable {
  readonly #plan: StreamPlan
  readonly #parts: PartFiles
  readonly #directory: string
  readonly #processes: readonly ShardWorker[]
  readonly #release: () => void
  #taken: Amount = { rows: 0, bytes: 0 }

  private constructor(
    plan: StreamPlan,
    parts: PartFiles,
    {
      directory,
      processes,
      release,
    }: { directory: string; processes: readonly ShardWorker[]; release: () => void },
  ) {
    this.#plan = plan
    this.#parts = parts
    this.#directory = directory
    this.#processes = processes
    this.#release = release
  }

  /** Starts them, once no other table is being divided. */
  static async start(
    run: Run,
    plan: StreamPlan,
    { division, shards }: { division: Division; shards: readonly Shard[] },
  ): Promise<ShardGroup> {
    const {
      parts,
      processes: { program },
      config,
      isExact,
      turns,
    } = division
    const endTurn = await turns.take()
    try {
      run.signal.throwIfAborted()
      const directory = await parts.createWorkDirectory(plan.descriptor)
      // What this process has logged itself concerns all; the rest is about the rows of one shard
      const onWarning = (message: string): void => {
        if (!run.logged.has(message)) log(run, 'WARN', message)
      }
      const processes = shards.map((shard, index) => {
        const arrow = { directory: join(directory, String(index)), isExact }
        const task = { config, catalog: catalogOf(plan), shard: buildShard(shard), arrow }
        const label = `shard ${shard.index} of ${shard.count} of stream '${streamLabel(plan.descriptor)}'`
        return new ShardWorker(program, task, { label, onWarning })
      })
      const stop = (): void => processes.forEach((each) => each.stop())
      run.signal.addEventListener('abort', stop)
      const release = (): void => {
        run.signal.removeEventListener('abort', stop)
        endTurn()
      }
      return new ShardGroup(plan, parts, { directory, processes, release })
    } catch (error) {
      endTurn()
      throw error
    }
  }

  /** @throws ConnectorError why one of them has failed. */
  throwIfFailed(): void {
    for (const { failure } of this.#processes) {
      if (failure !== null) throw failure
    }
  }

  /** What they have read since the last call. */
  take(): Amount {
    const rows = this.#processes.reduce((sum, each) => sum + each.rows, 0)
    const bytes = this.#processes.reduce((sum, each) => sum + each.bytes, 0)
    const { rows: rowsBefore, bytes: bytesBefore } = this.#taken
    this.#taken = { rows, bytes }
    return { rows: rows - rowsBefore, bytes: bytes - bytesBefore }
  }

  /** Waits until all have read their shards. @throws ConnectorError as soon as one fails. */
  async finish(): Promise<void> {
    await Promise.all(
      this.#processes.map(async (each) => {
        await each.ended
        if (each.failure !== null) throw each.failure
      }),
    )
  }

  /** Their files become parts of the stream, with the next STATE. */
  adopt(): void {
    const { descriptor } = this.#plan
    const directories = this.#processes.map((_, index) => join(this.#directory, String(index)))
    this.#parts.adopt(descriptor, directories, this.#taken.rows)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      for (const each of this.#processes) each.stop()
      for (const { ended } of this.#processes) await ended
    } finally {
      this.#release()
    }
  }
}

/** Selects the columns of the plan. */
function catalogOf({ descriptor, fields }: StreamPlan): JsonObject {
  const properties = Object.fromEntries(fields.map(({ name }) => [name, {}]))
  const stream = { ...descriptor, json_schema: { properties } }
  return { streams: [{ stream, sync_mode: 'full_refresh' }] }
}
