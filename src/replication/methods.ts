import type { OfferOf } from '../catalog/stream.ts'
import type { Config } from '../config/config.ts'
import type { ConnectorError } from '../errors.ts'
import type { Relation } from '../introspection/relation.ts'
import { cdc } from './cdc/cdc.ts'
import { cursor } from './cursor/cursor.ts'
import type { Feed } from './feed.ts'
import type { IncrementalMethod, MethodContext, ReplicationMethod } from './method.ts'
import { fullRefresh } from './snapshot/full-refresh.ts'
import type { StreamPlan } from './stream-plan.ts'
import { xmin } from './xmin/xmin.ts'

/** The methods for incremental streams, each with a branch of `replication_method` in spec.json. */
export const METHODS: readonly IncrementalMethod[] = [cursor, xmin, cdc]

/** Returns the method for incremental streams. */
export function incrementalMethod({
  replicationMethod,
}: Pick<Config, 'replicationMethod'>): IncrementalMethod {
  const found = METHODS.find(({ name }) => name === replicationMethod)
  if (found === undefined) throw new Error('a branch of replication_method without a method')
  return found
}

/** Determines how the config's method offers relations as streams. */
export async function offersOf(
  relations: readonly Relation[],
  context: MethodContext,
): Promise<OfferOf> {
  return await incrementalMethod(context.config).offers(relations, context)
}

/** Returns everything that prevents the methods of the plans from reading them. */
export async function findUnmet(
  plans: readonly StreamPlan[],
  context: MethodContext,
): Promise<readonly ConnectorError[]> {
  const unmet: ConnectorError[] = []
  for (const [method, its] of byMethod(plans, context.config)) {
    unmet.push(...(await method.prerequisites(its, context)))
  }
  return unmet
}

/**
 * Returns the feeds of a run, in the order of their first streams. A feed with scope GLOBAL is
 * last, because it ends the snapshot.
 */
export function feedsOf(plans: readonly StreamPlan[], config: Config): readonly Feed[] {
  const feeds = [...byMethod(plans, config)].flatMap(([method, its]) => method.feeds(its, config))
  const places = new Map(plans.map((plan, index) => [plan, index]))
  const placeOf = ({ scope, plans: [first] }: Feed): number =>
    scope === 'GLOBAL' ? plans.length : places.get(first!)!
  return feeds.toSorted((a, b) => placeOf(a) - placeOf(b))
}

function byMethod(
  plans: readonly StreamPlan[],
  config: Config,
): ReadonlyMap<ReplicationMethod, readonly StreamPlan[]> {
  const groups: readonly (readonly [ReplicationMethod, readonly StreamPlan[]])[] = [
    [fullRefresh, plans.filter(({ syncMode }) => syncMode === 'full_refresh')],
    [incrementalMethod(config), plans.filter(({ syncMode }) => syncMode === 'incremental')],
  ]
  return new Map(groups.filter(([, its]) => its.length > 0))
}
