import { ConnectorError } from '../../errors.ts'
import { streamLabel } from '../../protocol/stream-names.ts'
import type { ReplicationMethod } from '../method.ts'
import type { StreamPlan } from '../stream-plan.ts'

/** All streams together, from the write-ahead log. */
export const cdc: ReplicationMethod = {
  name: 'cdc',
  prerequisite,
  feeds: () => [],
}

function prerequisite({ descriptor, relation }: StreamPlan): ConnectorError | null {
  const refusal = relation.log?.refusal ?? null
  const message =
    refusal === null
      ? 'This version cannot read incremental streams with CDC yet.'
      : `Stream '${streamLabel(descriptor)}' cannot be read incrementally: ${refusal}`
  return new ConnectorError('config_error', message)
}
