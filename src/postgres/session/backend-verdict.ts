/** A row of pg_stat_activity, read on another connection. */
export interface BackendRow {
  /** Null: the role may not see it. */
  readonly state: string | null
  readonly waitType: string | null
  readonly waitEvent: string | null
}

/** State of a backend that sends nothing. */
export type Verdict =
  | { readonly isAtWork: true; readonly waitsFor: string | null }
  | { readonly isAtWork: false; readonly reason: string }

/** Wait events that only the client can end. */
const CLIENT_WAITS: Readonly<Record<string, string>> = {
  ClientWrite: 'the server sends, and nothing arrives',
  ClientRead: 'the server waits for a request that did not arrive',
}

/**
 * Decides whether a silent backend is active, or the connection is lost. `undefined`: the backend
 * does not exist.
 */
export function judgeBackend(row: BackendRow | undefined): Verdict {
  if (row === undefined) return { isAtWork: false, reason: 'its backend has ended' }
  const { state, waitType, waitEvent } = row
  if (state?.startsWith('idle') === true) {
    return { isAtWork: false, reason: 'the server has answered, and the answer did not arrive' }
  }
  const clientWait = waitType === 'Client' ? CLIENT_WAITS[waitEvent ?? ''] : undefined
  if (clientWait !== undefined) return { isAtWork: false, reason: clientWait }
  return { isAtWork: true, waitsFor: waitType === null ? null : `${waitType}: ${waitEvent}` }
}
