/** Up to here rows are passed on as they arrive. */
const PROMPT_BYTES = 1024 * 1024
/** A read of the socket that brings less has emptied it: the server is the slower side. */
const SMALL_READ_BYTES = 128 * 1024
const FILL_MS = 2

/**
 * How long the socket may fill before its next read, in milliseconds. A few large reads take less CPU than many small
 * ones; where the server is the slower side, a short pause does not slow it down.
 * @param receivedBytes of the COPY so far.
 * @param readBytes of the last read.
 */
export function fillTimeMs(receivedBytes: number, readBytes: number): number {
  return receivedBytes > PROMPT_BYTES && readBytes < SMALL_READ_BYTES ? FILL_MS : 0
}
