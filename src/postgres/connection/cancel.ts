import { once } from 'node:events'
import type { Client } from 'pg'
import './pg-internals.ts'
import { Deadline } from './deadline.ts'
import type { Route } from './route.ts'

/** https://www.postgresql.org/docs/current/protocol-message-formats.html (CancelRequest) */
const CANCEL_CODE = 80_877_102
const MESSAGE_BYTES = 16
/** Short enough for several requests before a stopped process must end. */
const CANCEL_TIMEOUT_MS = 1000

/** Cancels the running query of `client`. Best effort: the caller closes the connection anyway. */
export async function cancelQuery(route: Route, client: Client): Promise<void> {
  const { processID, secretKey } = client
  const request = Buffer.alloc(MESSAGE_BYTES)
  request.writeInt32BE(MESSAGE_BYTES, 0)
  request.writeInt32BE(CANCEL_CODE, 4)
  request.writeInt32BE(processID, 8)
  request.writeInt32BE(secretKey, 12)
  using deadline = new Deadline(CANCEL_TIMEOUT_MS)
  try {
    const stream = await route.connect(deadline, { mayLogIn: false })
    try {
      stream.end(request)
      await once(stream.resume(), 'close', { signal: deadline.signal })
    } finally {
      stream.destroy()
    }
  } catch {
    // The server does not respond, so the query cannot be cancelled
  }
}
