import { setTimeout as sleep } from 'node:timers/promises'
import { literal } from '../../src/sql.ts'
import type { Server } from './server.ts'

const POLL_INTERVAL_MS = 20

/**
 * Process ids of the backends with an application name, the oldest first. `isReading`: only those
 * whose last query was a COPY or FETCH. It may have ended while its data is still being received.
 */
export async function backendsOf(
  server: Server,
  applicationName: string,
  isReading = false,
): Promise<number[]> {
  const filter = isReading ? ` AND query ~ '(COPY|FETCH)'` : ''
  const rows = await server.query(
    `SELECT pid FROM pg_stat_activity WHERE application_name = ${literal(applicationName)}${filter}
     ORDER BY backend_start`,
  )
  return rows.map(({ pid }) => Number(pid))
}

/** Terminates the backends that read for an application name; false if there is none. */
export async function terminateReaders(server: Server, applicationName: string): Promise<boolean> {
  const pids = await backendsOf(server, applicationName, true)
  for (const pid of pids) await server.query(`SELECT pg_terminate_backend(${pid})`)
  return pids.length > 0
}

/** Waits for a backend that reads a relation and terminates it. */
export async function terminateReaderOf(
  server: Server,
  applicationName: string,
  relation: string,
): Promise<void> {
  for (;;) {
    const rows = await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = ${literal(applicationName)} AND state = 'active'
         AND query ~ ${literal(`COPY.*${relation}`)}`,
    )
    if (rows.length > 0) return
    await sleep(POLL_INTERVAL_MS)
  }
}

/**
 * Milliseconds until no backend has the application name; Infinity if one still has it after
 * `limitMs`.
 */
export async function timeUntilGone(
  server: Server,
  applicationName: string,
  limitMs: number,
): Promise<number> {
  const started = performance.now()
  for (;;) {
    const left = await backendsOf(server, applicationName)
    const elapsedMs = performance.now() - started
    if (left.length === 0) return elapsedMs
    if (elapsedMs > limitMs) return Infinity
    await sleep(POLL_INTERVAL_MS)
  }
}
