import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { parseConfig } from '../config/parse-config.ts'
import { ConnectorError } from '../errors.ts'
import { readIdentity } from '../introspection/server-identity.ts'
import { stringifyExact } from '../json/json.ts'
import { hasTidRangeScan } from '../postgres/connection/server-facts.ts'
import { countSnapshotReaders } from '../postgres/session/activity.ts'
import { withAllSchemas } from '../introspection/all-schemas.ts'
import { Database } from '../postgres/session/database.ts'
import { ReadTransaction } from '../postgres/session/read-transaction.ts'
import { streamLabel } from '../protocol/stream-names.ts'
import { RewriteGuard } from '../replication/snapshot/rewrite-guard.ts'
import { readSegments } from '../replication/snapshot/segments.ts'
import {
  buildShard,
  divideFiles,
  type PageRange,
  type Shard,
} from '../replication/snapshot/shards.ts'
import type { StreamPlan } from '../replication/stream-plan.ts'
import { connectOptions, log, type Run } from '../run-context.ts'
import type { ArrowOptions } from '../writers/arrow/arrow-fields.ts'
import { arrowSchemas } from './arrow-schema.ts'
import { Planner } from './planner.ts'

/** Interval at which the connection that holds the snapshot is probed. */
const PROBE_MS = 5000
/** Number of connections: one holds the snapshot while another inspects the table. */
const CONNECTIONS = 2

/** The parsed input of `shards`. */
export interface ShardsInput {
  readonly config: unknown
  /** `name` or `namespace.name` */
  readonly stream: string
  readonly count: number
  /** Null: the shards are printed without an Arrow schema. */
  readonly arrow: ArrowOptions | null
  /**
   * The snapshot is released when no shard has been read for this time; null: when standard input
   * closes.
   */
  readonly idleTimeoutMs: number | null
  /**
   * Aborted when standard input closes; its reason is the error for a close before the shards are
   * printed.
   */
  readonly inputClosed: AbortSignal
}

/**
 * Exports a snapshot, prints the shards of a stream in it, one JSON document per line, and holds
 * the snapshot until standard input closes, no shard was read within the idle timeout, or the run
 * is stopped.
 * @throws ConnectorError if the stream cannot be divided, or the connection that holds the snapshot
 * is lost.
 */
export async function shards(given: Run, input: ShardsInput): Promise<void> {
  const run = { ...given, signal: AbortSignal.any([given.signal, input.inputClosed]) }
  const parsed = parseShardsConfig(run, input.config)
  await using database = await Database.connect(parsed, connectOptions(run))
  const config = await withAllSchemas(database, parsed)
  const plan = await planStream(run, { config, database, stream: input.stream })
  const guard = await RewriteGuard.note(database, [plan])
  await using holder = await ReadTransaction.begin(database)
  const release = (): void => holder.abort(ConnectorError.from(run.signal.reason))
  run.signal.addEventListener('abort', release)
  const divided = await divide(plan, { database, holder, guard, count: input.count })
  const { data } = run
  if (data === null) throw new Error('shards have no output')
  const schema = input.arrow && (await arrowSchemas(input.arrow))(plan.relation)
  for (const shard of divided) {
    const document = { ...buildShard(shard), ...(schema && { arrow_schema: schema }) }
    data.buffer.utf8(`${stringifyExact(document)}\n`)
  }
  await data.flush()
  // The file stays open: other clients of a network file system see its content only now
  await data.sync()
  const label = streamLabel(plan.descriptor)
  log(run, 'INFO', `The snapshot of ${divided.length} shards of stream '${label}' is held.`)
  await run.output.flush()
  await hold(run, holder, input.idleTimeoutMs)
}

function parseShardsConfig(run: Run, raw: unknown): Config {
  const { config, warnings } = parseConfig(raw)
  for (const warning of warnings) log(run, 'WARN', warning)
  if (config.maxConnections >= CONNECTIONS) return { ...config, syncMode: 'full_refresh' }
  const message = `max_connections is ${config.maxConnections}, but shards needs ${CONNECTIONS} connections while it divides a table. Set max_connections to ${CONNECTIONS} or more.`
  throw new ConnectorError('config_error', message)
}

interface Selection {
  readonly config: Config
  readonly database: Database
  readonly stream: string
}

async function planStream(run: Run, { stream, ...context }: Selection): Promise<StreamPlan> {
  const options = { ...context, streams: [stream], arrow: null, ranges: null }
  const { plans } = await new Planner(run, options, null).plan()
  if (plans.length === 1) return plans[0]!
  const names = plans.map(({ descriptor }) => `'${streamLabel(descriptor)}'`).join(', ')
  throw new ConnectorError('config_error', `--stream ${stream} selects ${names}. Name one of them.`)
}

interface Division {
  readonly database: Database
  readonly holder: ReadTransaction
  readonly guard: RewriteGuard
  readonly count: number
}

/** Inspects the files of the table in a separate transaction, so that the holder locks no table. */
async function divide(
  plan: StreamPlan,
  { database, holder, guard, count }: Division,
): Promise<readonly Shard[]> {
  const sharedFrom = { name: await holder.exportSnapshot(), snapshot: holder.snapshot }
  await using transaction = await ReadTransaction.begin(database, { sharedFrom })
  const locked = await guard.lock(plan, transaction)
  const { system, database: name } = await readIdentity(transaction)
  const source = {
    snapshot: sharedFrom.name,
    visible: holder.snapshot.text,
    system,
    database: name,
  }
  const ranges = await divideRelation(plan, { database, transaction, guard, locked, count })
  const { descriptor: stream } = plan
  return ranges.map((its, index) => ({ ...source, stream, index, count, ranges: its }))
}

async function divideRelation(
  plan: StreamPlan,
  context: Parameters<typeof readSegments>[1] & { count: number },
): Promise<readonly (readonly PageRange[] | null)[]> {
  const { database, count } = context
  if (!plan.relation.hasSystemColumns) return [null, ...Array.from({ length: count - 1 }, () => [])]
  if (count > 1 && !hasTidRangeScan(database.server)) {
    const message = `PostgreSQL ${database.server.major} cannot read a table by ranges of pages, so that it cannot be divided. Use --count 1, or PostgreSQL 14 or newer.`
    throw new ConnectorError('config_error', message)
  }
  return divideFiles(await readSegments(plan, context), count)
}

async function hold(
  run: Run,
  holder: ReadTransaction,
  idleTimeoutMs: number | null,
): Promise<void> {
  const { signal } = run
  for (let usedMs = performance.now(); ;) {
    const pauseMs = Math.min(PROBE_MS, idleTimeoutMs ?? PROBE_MS)
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    const readers = signal.aborted ? null : await probe(holder, signal)
    if (readers === null) return
    if (readers > 0) usedMs = performance.now()
    if (idleTimeoutMs !== null && performance.now() - usedMs >= idleTimeoutMs) {
      const message = `No shard has been read for ${idleTimeoutMs / 1000} s (--idle-timeout): the snapshot is released.`
      log(run, 'INFO', message)
      return
    }
  }
}

/** Number of backends that read in the snapshot; null: the holder has been stopped. */
async function probe(holder: ReadTransaction, signal: AbortSignal): Promise<number | null> {
  try {
    return await countSnapshotReaders(holder)
  } catch (cause) {
    if (signal.aborted) return null
    const message =
      'The connection that held the snapshot was lost. Shards that are being read can finish; others fail. Make new shards.'
    throw new ConnectorError('transient_error', message, { cause })
  }
}
