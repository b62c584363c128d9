import { buildConfiguredCatalog } from '../catalog/configured-catalog.ts'
import { selectStreams } from '../catalog/select-streams.ts'
import { toCatalog } from '../catalog/stream.ts'
import type { Config } from '../config/config.ts'
import type { ConnectorError } from '../errors.ts'
import {
  describeUnreadable,
  discoverRelations,
  type Discovery,
} from '../introspection/discovery.ts'
import { explainMissing, type MissingStream } from '../introspection/missing-streams.ts'
import type { Database } from '../postgres/session/database.ts'
import type { ConfiguredStream } from '../protocol/messages.ts'
import { streamKey } from '../protocol/stream-names.ts'
import type { MethodContext } from '../replication/method.ts'
import { findUnmet, incrementalMethod, offersOf } from '../replication/methods.ts'
import type { PageRange } from '../replication/snapshot/shards.ts'
import {
  descriptorOf,
  type Planning,
  planStreams,
  type StreamProblem,
} from '../replication/plan-streams.ts'
import type { StreamPlan } from '../replication/stream-plan.ts'
import { logger, logOnce, type Run } from '../run-context.ts'
import { type ArrowOutput, toArrowPlan } from '../writers/arrow/arrow-output.ts'
import { discoverStreams, streamOf } from './discover-streams.ts'
import { joinProblems } from './problems.ts'

/** Inputs of the plans of a read. */
interface PlanInput {
  readonly config: Config
  readonly database: Database
  /** `name` or `namespace.name`; empty: all. For a read without a catalog. */
  readonly streams: readonly string[]
  readonly arrow: ArrowOutput | null
  /** Page ranges to read of the only stream; null: all pages. */
  readonly ranges: readonly PageRange[] | null
}

/** What a read can and cannot read. */
export interface ReadPlan {
  readonly plans: readonly StreamPlan[]
  readonly problems: readonly StreamProblem[]
}

/**
 * Plans the streams of a read for each of its attempts, from the current database. The set of
 * streams is decided once: a table that is created between two attempts is not read.
 */
export class Planner {
  readonly #run: Run
  readonly #input: PlanInput
  /** Whether the set of streams is decided, by a catalog or an earlier attempt. */
  #isDecided: boolean
  #configured: readonly ConfiguredStream[] | null

  /**
   * @param configured the streams of the catalog; null: there is no catalog, and the config selects
   * streams.
   */
  constructor(run: Run, input: PlanInput, configured: readonly ConfiguredStream[] | null) {
    this.#run = run
    this.#input = input
    this.#configured = configured
    this.#isDecided = configured !== null
  }

  /**
   * Plans the streams that can be read. Without a catalog, all streams that the config selects have
   * to be readable in the first attempt.
   * @throws ConnectorError with all problems if they prevent reading.
   */
  async plan(): Promise<ReadPlan> {
    const { arrow, ranges } = this.#input
    const first = await this.#planOnce()
    // Relations are those of a snapshot, but a publication is looked up as it is now: a problem may
    // come from a table that was swapped in between
    const isSound = first.problems.length === 0 && first.unmet.length === 0
    const { unmet, ...planning } = isSound ? first : await this.#planOnce()
    const { problems } = planning
    const mayContinue = this.#isDecided && planning.plans.length > 0
    const isStopped = mayContinue ? problems.some(({ endsSync }) => endsSync) : problems.length > 0
    if (isStopped || unmet.length > 0) {
      throw joinProblems([...problems.map(({ error }) => error), ...unmet])
    }
    this.#decide(problems)
    for (const warning of planning.warnings) logOnce(this.#run, warning)
    const plans = planning.plans.map((plan) => ({ ...plan, ranges }))
    return { plans: arrow === null ? plans : plans.map(toArrowPlan), problems }
  }

  /** A stream that was reported as unreadable is not read by a later attempt either. */
  #decide(problems: readonly StreamProblem[]): void {
    const left = new Set(problems.map(({ descriptor }) => streamKey(descriptor)))
    const { config } = this.#input
    this.#configured = this.#configured!.filter(
      (stream) => !left.has(streamKey(descriptorOf(stream, config))),
    )
    this.#isDecided = true
  }

  async #planOnce(): Promise<Planning & { readonly unmet: readonly ConnectorError[] }> {
    const { config } = this.#input
    const discovery = await this.#discover()
    this.#configured ??= await this.#selectByConfig(discovery)
    const missing = await this.#explainMissing(this.#configured, discovery)
    const unreadable = [...discovery.unreadable, ...missing]
    const planning = planStreams(this.#configured, { ...discovery, unreadable }, config)
    return { ...planning, unmet: await findUnmet(planning.plans, this.#context) }
  }

  async #discover(): Promise<Discovery> {
    const { config, database, streams } = this.#input
    const configured = this.#configured
    if (configured === null) return await discoverStreams(database, config, streams)
    const names = configured.map(({ stream }) => stream.name)
    return await discoverRelations(database, scopeOf(config, configured), names)
  }

  async #selectByConfig({
    relations,
    problems,
    unreadable,
  }: Discovery): Promise<readonly ConfiguredStream[]> {
    if (problems.length > 0) throw joinProblems(problems)
    for (const warning of describeUnreadable(unreadable)) logOnce(this.#run, warning)
    const { config, streams } = this.#input
    const offerOf = await offersOf(relations, this.#context)
    const { needsCursor } = incrementalMethod(config)
    const offered = toCatalog(relations, offerOf).streams
    const catalog = buildConfiguredCatalog(offered, { ...config, needsCursor })
    return selectStreams(catalog, streams)
  }

  /** Explains why configured streams were not found. */
  async #explainMissing(
    configured: readonly ConfiguredStream[],
    { relations, unreadable }: Discovery,
  ): Promise<readonly MissingStream[]> {
    const found = new Set([...relations, ...unreadable].map(streamOf).map(streamKey))
    const { config, database } = this.#input
    const wanted = configured.map((stream) => descriptorOf(stream, config))
    const unknown = wanted.filter((stream) => !found.has(streamKey(stream)))
    return await explainMissing(database, scopeOf(config, configured), unknown)
  }

  get #context(): MethodContext {
    const { config, database } = this.#input
    const log = logger(this.#run)
    return {
      config,
      database,
      log: (level, message) => {
        if (level === 'WARN') logOnce(this.#run, message)
        else log(level, message)
      },
    }
  }
}

/** With a catalog, the catalog selects streams, not the `table` of the config. */
function scopeOf(config: Config, configured: readonly ConfiguredStream[]): Config {
  const namespaces = configured.flatMap(({ stream }) => stream.namespace ?? [])
  return { ...config, table: null, schemas: [...new Set([...config.schemas, ...namespaces])] }
}
