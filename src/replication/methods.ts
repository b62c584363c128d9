import type { Config } from '../config/config.ts'
import { fullRefresh } from './full-refresh.ts'
import type { ReplicationMethod } from './method.ts'
import type { StreamPlan } from './stream-plan.ts'

/** Which method reads a stream: the one table of them. */
export function methodOf(_plan: StreamPlan, _config: Config): ReplicationMethod {
  return fullRefresh
}
