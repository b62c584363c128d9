import type { StreamOffer } from '../../catalog/stream.ts'
import { ConnectorError } from '../../errors.ts'
import { discoverRelations } from '../../introspection/discovery.ts'
import type { Relation } from '../../introspection/relation.ts'
import { streamLabel } from '../../protocol/stream-names.ts'
import type { IncrementalMethod, MethodContext } from '../method.ts'
import type { StreamPlan } from '../stream-plan.ts'
import { cdcConfigOf } from './cdc-config.ts'
import { CdcFeed } from './cdc-feed.ts'
import { checkCdc } from './check/check-cdc.ts'
import { readSlotHealth } from './slot/slot-health.ts'
import { coverageNotes } from './check/warnings.ts'

/**
 * The CDC method: inserts, updates and deletes of all streams together, from the write-ahead log.
 */
export const cdc = {
  name: 'CDC',
  needsCursor: false,
  sharesPosition: true,
  offers: async (relations: readonly Relation[], { log }: MethodContext) => {
    for (const note of coverageNotes({ relations })) log('INFO', note)
    return await Promise.resolve(offerOf)
  },
  prerequisites,
  feeds: (plans: readonly StreamPlan[]) => (plans.length === 0 ? [] : [new CdcFeed(plans)]),
  health: readSlotHealth,
} satisfies IncrementalMethod

function offerOf({ log }: Relation): StreamOffer {
  const isIncremental = log?.refusal === null
  return { isIncremental, hasSourceDefinedCursor: isIncremental }
}

async function prerequisites(
  plans: readonly StreamPlan[],
  { config, database, log }: MethodContext,
): Promise<readonly ConnectorError[]> {
  const selected = plans.map(({ relation }) => relation)
  const relations =
    plans.length > 0 ? selected : (await discoverRelations(database, config)).relations
  const configs = { config, cdc: cdcConfigOf(config) }
  const { problems, warnings } = await checkCdc(database, configs, {
    relations,
    isForSync: plans.length > 0,
  })
  for (const warning of warnings) log('WARN', warning)
  return [...problems, ...plans.flatMap(rejectionOf)]
}

function rejectionOf({ descriptor, relation }: StreamPlan): readonly ConnectorError[] {
  const refusal = relation.log?.refusal ?? null
  if (refusal === null) return []
  const message = `Stream '${streamLabel(descriptor)}' cannot be read incrementally: ${refusal}`
  return [new ConnectorError('config_error', message)]
}
