import type { JsonObject } from '../protocol/messages.ts'
import { ctidOfPage, parseCtidPage } from './ctid.ts'

/** Keys that the official connector writes in every state of version 3. */
export const VERSION_3: JsonObject = {
  version: 3,
  cursors: {},
  stream_name: '',
  stream_namespace: '',
}

/** A full refresh that has read everything. */
export const COMPLETE_CTID_STATE: JsonObject = { ...VERSION_3, state_type: 'ctid_based' }

/** How far a scan by pages got; `leaf` is a key of our own, for partitioned relations. */
export interface CtidPosition {
  readonly page: number
  readonly filenode: number
  readonly leaf: string | null
}

/** The state of an unfinished scan by pages. */
export function ctidState({ page, filenode, leaf }: CtidPosition): JsonObject {
  return {
    ...COMPLETE_CTID_STATE,
    ctid: ctidOfPage(page),
    relation_filenode: filenode,
    ...(leaf !== null && { leaf }),
  }
}

/** The position in a state of versions 2 and 3; null if there is none in it. */
export function parseCtidState(state: JsonObject): CtidPosition | null {
  const { ctid, relation_filenode: filenode, leaf } = state
  const page = typeof ctid === 'string' ? parseCtidPage(ctid) : null
  if (page === null || typeof filenode !== 'number') return null
  return { page, filenode, leaf: typeof leaf === 'string' ? leaf : null }
}
