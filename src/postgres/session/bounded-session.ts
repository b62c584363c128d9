import { ConnectorError } from '../../errors.ts'
import { Deadline, unlessAborted } from '../connection/deadline.ts'
import type { Database } from './database.ts'

/**
 * Runs each statement on its own, outside of a transaction block, in a session that is closed after
 * the last one, so that their settings end with it.
 * @throws ConnectorError transient_error if the connection and the statements take longer than
 * `limitMs`, also if the server or the network does not answer; the reason of the run's signal.
 */
export async function runBounded(
  database: Database,
  statements: readonly string[],
  limitMs: number,
): Promise<void> {
  using deadline = new Deadline(limitMs, database.signal)
  const { signal } = deadline
  const run = async (): Promise<void> => {
    const client = await database.acquire()
    const stop = (): void => {
      void database.cancel(client)
      client.release(true)
    }
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop)
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      signal.removeEventListener('abort', stop)
      if (!signal.aborted) client.release(true)
    }
  }
  try {
    await unlessAborted(run(), signal)
  } catch (error) {
    database.signal.throwIfAborted()
    throw signal.aborted ? exceeded(limitMs) : error
  }
}

function exceeded(limitMs: number): ConnectorError {
  const message = `There was no answer from the server within ${limitMs / 1000} s.`
  return new ConnectorError('transient_error', message)
}
