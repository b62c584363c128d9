import type { Duplex } from 'node:stream'
import type { Deadline } from './deadline.ts'

/**
 * Returns the arguments of the next `event` of `stream`. It rejects if the stream fails or closes
 * first, and at the deadline.
 */
export function streamEvent(
  stream: Duplex,
  event: 'connect' | 'data' | 'secureConnect',
  deadline: Deadline,
): Promise<unknown> {
  const { signal } = deadline
  return new Promise((resolve, reject) => {
    const onClose = (): void => {
      const error = new Error('the server closed the connection')
      settle(() => reject(Object.assign(error, { code: 'ECONNRESET' })))
    }
    const onError = (error: Error): void => settle(() => reject(error))
    const onEvent = (value: unknown): void => settle(() => resolve(value))
    const onAbort = (): void => settle(() => reject(deadline.error))
    const settle = (finish: () => void): void => {
      stream.off('close', onClose).off('error', onError).off(event, onEvent)
      signal.removeEventListener('abort', onAbort)
      finish()
    }
    stream.once('close', onClose).once('error', onError).once(event, onEvent)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
  })
}
