import type { Config } from '../config/config.ts'
import type { Relation } from '../introspection/relation.ts'
import type { Database } from '../postgres/session/database.ts'
import { cdc } from './cdc/cdc.ts'
import { checkCdc, type MethodReport } from './cdc/check-cdc.ts'
import { coverageNotes } from './cdc/warnings.ts'
import { cursor } from './cursor/cursor.ts'
import type { Feed } from './feed.ts'
import type { ReplicationMethod } from './method.ts'
import { fullRefresh } from './snapshot/full-refresh.ts'
import type { StreamPlan } from './stream-plan.ts'
import { xmin } from './xmin/xmin.ts'

/** The method of incremental streams, by the config's `replication_method`. */
const INCREMENTAL_METHODS: Readonly<Record<Config['replicationMethod'], ReplicationMethod>> = {
  Standard: cursor,
  Xmin: xmin,
  CDC: cdc,
}

/** Which method reads a stream. */
export function methodOf(plan: StreamPlan, config: Config): ReplicationMethod {
  if (plan.syncMode === 'full_refresh') return fullRefresh
  return INCREMENTAL_METHODS[config.replicationMethod]
}

/** Checks what the config's method needs besides the privileges of its role. */
export async function checkMethod(
  database: Database,
  config: Config,
  relations: readonly Relation[],
): Promise<MethodReport> {
  if (config.cdc === null) return { problems: [], warnings: [] }
  return await checkCdc(database, { config, cdc: config.cdc }, relations)
}

/** Why streams are offered as they are, for the log of discover. */
export function offerNotes(relations: readonly Relation[]): readonly string[] {
  return coverageNotes({ relations })
}

/** The feeds of a run, in the order of their first streams. */
export function feedsOf(plans: readonly StreamPlan[], config: Config): readonly Feed[] {
  const methods = [...new Set(plans.map((plan) => methodOf(plan, config)))]
  const feeds = methods.flatMap((method) =>
    method.feeds(plans.filter((plan) => methodOf(plan, config) === method)),
  )
  return feeds.toSorted((a, b) => plans.indexOf(a.plans[0]!) - plans.indexOf(b.plans[0]!))
}
