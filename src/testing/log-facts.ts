import type { LogFacts, Slot } from '../introspection/replication/slot.ts'

/** A logical slot without any problem. */
export const SLOT: Slot = {
  type: 'logical',
  plugin: 'pgoutput',
  database: 'shop',
  isTemporary: false,
  isSynced: false,
  isTwoPhase: false,
  restartLsn: 0x500n,
  confirmedFlushLsn: 0x1000n,
  walStatus: 'reserved',
  safeWalBytes: null,
  isConflicting: false,
  invalidationReason: null,
  holder: null,
}

/** Facts about its server. */
export const LOG_FACTS: LogFacts = {
  database: 'shop',
  walLevel: 'logical',
  isStandby: false,
  endLsn: 0x9000n,
  systemId: '7577',
  timeline: 2,
  maxSlots: 10,
  usedSlots: 1,
  maxWalSenders: 10,
  usedWalSenders: 0,
  idleSlotTimeoutS: 0,
  idleS: null,
  slot: SLOT,
}
