import type { Config } from '../config/config.ts'
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
}

/** Which method reads a stream. */
export function methodOf(plan: StreamPlan, config: Config): ReplicationMethod {
  if (plan.syncMode === 'full_refresh') return fullRefresh
  return INCREMENTAL_METHODS[config.replicationMethod]
}

/** The feeds of a run, in the order of their first streams. */
export function feedsOf(plans: readonly StreamPlan[], config: Config): readonly Feed[] {
  const methods = [...new Set(plans.map((plan) => methodOf(plan, config)))]
  const feeds = methods.flatMap((method) =>
    method.feeds(plans.filter((plan) => methodOf(plan, config) === method)),
  )
  return feeds.toSorted((a, b) => plans.indexOf(a.plans[0]!) - plans.indexOf(b.plans[0]!))
}
