import type { CdcMistake } from './mistake.ts'
import { PUBLICATION_MISTAKES } from './publication-mistakes.ts'
import { SERVER_MISTAKES } from './server-mistakes.ts'
import { SLOT_MISTAKES } from './slot-mistakes.ts'
import { STATE_MISTAKES } from './state-mistakes.ts'
import { TOPOLOGY_MISTAKES } from './topology-mistakes.ts'

/** In an order in which one server can have them all. */
export const CDC_MISTAKES: readonly CdcMistake[] = [
  ...SLOT_MISTAKES,
  ...PUBLICATION_MISTAKES,
  ...SERVER_MISTAKES,
  ...STATE_MISTAKES,
  ...TOPOLOGY_MISTAKES,
]
