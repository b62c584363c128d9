/** Amount of data up to which rows are passed on without a delay. */
const PROMPT_BYTES = 1024 * 1024
/** A read of fewer bytes has emptied the socket, so the server is the slower side. */
const SMALL_READ_BYTES = 128 * 1024
const FILL_MS = 2

/**
 * Milliseconds to wait before the next read of the socket. A few large reads take less CPU than
 * many small ones; if the server is the slower side, a short wait does not slow it down.
 * @param receivedBytes bytes of the COPY so far.
 * @param readBytes bytes of the last read.
 */
export function fillTimeMs(receivedBytes: number, readBytes: number): number {
  return receivedBytes > PROMPT_BYTES && readBytes < SMALL_READ_BYTES ? FILL_MS : 0
}
