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
  /** Number of processes that read a table, including this one. */
  readonly count: number
  readonly program: Program
}

/** Parameters for dividing large tables. */
export interface Division {
  readonly processes: Processes
  readonly parts: PartFiles
  /** Only one table is divided at a time, which limits the number of processes. */
  readonly turns: Turns
  /** The config as passed to this process. */
  readonly config: unknown
  readonly isExact: boolean
}

/**
 * Processes that read shards of one stream into separate directories. They have ended when it is
 * disposed of.
 */
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

  /** Starts the processes when no other table is being divided. */
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
      // Warnings that this process has logged itself apply to all; others are about the rows of one
      // shard
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

  /** @throws ConnectorError the failure of a process. */
  throwIfFailed(): void {
    for (const { failure } of this.#processes) {
      if (failure !== null) throw failure
    }
  }

  /** Returns the amount read since the last call. */
  take(): Amount {
    const rows = this.#processes.reduce((sum, each) => sum + each.rows, 0)
    const bytes = this.#processes.reduce((sum, each) => sum + each.bytes, 0)
    const { rows: rowsBefore, bytes: bytesBefore } = this.#taken
    this.#taken = { rows, bytes }
    return { rows: rows - rowsBefore, bytes: bytes - bytesBefore }
  }

  /**
   * Waits until all processes have read their shards. @throws ConnectorError as soon as one fails.
   */
  async finish(): Promise<void> {
    await Promise.all(
      this.#processes.map(async (each) => {
        await each.ended
        if (each.failure !== null) throw each.failure
      }),
    )
  }

  /** Makes their files parts of the stream with the next STATE. */
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

/** Catalog that selects the columns of the plan. */
function catalogOf({ descriptor, fields }: StreamPlan): JsonObject {
  const properties = Object.fromEntries(fields.map(({ name }) => [name, {}]))
  const stream = { ...descriptor, json_schema: { properties } }
  return { streams: [{ stream, sync_mode: 'full_refresh' }] }
}
