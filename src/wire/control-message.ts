const HEADER_BYTES = 5
const COPY_HEADER_BYTES = 3
const PROCESS_ID_BYTES = 4

/**
 * Whether `bytes[start, end)`, a message with its type and length, may come between the data of a
 * COPY and is well-formed. pg's parser searches for the end of a string without respecting the end
 * of the message, so it must not get others.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export function isControlMessage(bytes: Buffer, start: number, end: number): boolean {
  const body = start + HEADER_BYTES
  switch (bytes.readUInt8(start)) {
    case 0x41 /* A: NotificationResponse */:
      return isStrings(bytes, body + PROCESS_ID_BYTES, end, 2)
    case 0x43 /* C: CommandComplete */:
      return isStrings(bytes, body, end, 1)
    case 0x45 /* E: ErrorResponse */:
    case 0x4e /* N: NoticeResponse */:
      return isFields(bytes, body, end)
    case 0x48 /* H: CopyOutResponse */:
    case 0x57 /* W: CopyBothResponse */:
      return isCopyResponse(bytes, body, end)
    case 0x53 /* S: ParameterStatus */:
      return isStrings(bytes, body, end, 2)
    case 0x5a /* Z: ReadyForQuery */:
      return end - body === 1 && 'ITE'.includes(String.fromCharCode(bytes[body]!))
    case 0x63 /* c: CopyDone */:
      return end === body
    default:
      return false
  }
}

/** Whether there are exactly `count` zero-terminated strings. */
function isStrings(bytes: Buffer, start: number, end: number, count: number): boolean {
  let zeros = 0
  for (let at = start; at < end; at++) if (bytes[at] === 0) zeros++
  return zeros === count && start < end && bytes[end - 1] === 0
}

/** Whether there are fields of a letter and a string, followed by a zero. */
function isFields(bytes: Buffer, start: number, end: number): boolean {
  let at = start
  while (at < end && bytes[at] !== 0) {
    const zero = bytes.subarray(at, end).indexOf(0)
    if (zero < 0) return false
    at += zero + 1
  }
  return at === end - 1
}

/** Whether there is a format, and a format for each column. */
function isCopyResponse(bytes: Buffer, start: number, end: number): boolean {
  const columnBytes = end - start - COPY_HEADER_BYTES
  return columnBytes >= 0 && columnBytes === 2 * bytes.readInt16BE(start + 1)
}
