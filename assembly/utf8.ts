const BLOCK_BYTES: usize = 16

/**
 * Whether the bytes from `at` to `end` are UTF-8. https://www.rfc-editor.org/rfc/rfc3629#section-4
 */
export function isUtf8(at: usize, end: usize): bool {
  while (at < end) {
    if (at + BLOCK_BYTES <= end && i8x16.bitmask(v128.load(at)) == 0) {
      at += BLOCK_BYTES
      continue
    }
    const length = sequenceBytes(at, end)
    if (length == 0) return false
    at += length
  }
  return true
}

/** Length of the well-formed sequence at `at`; 0 if there is none. */
function sequenceBytes(at: usize, end: usize): usize {
  const lead = load<u8>(at)
  if (lead < 0x80) return 1
  if (lead < 0xc2 || lead > 0xf4 || !isContinuation(at + 1, end)) return 0
  if (lead < 0xe0) return 2
  const second = load<u8>(at + 1)
  if (!isContinuation(at + 2, end)) return 0
  if (lead < 0xf0) {
    const isOverlong = lead == 0xe0 && second < 0xa0
    const isSurrogate = lead == 0xed && second > 0x9f
    return isOverlong || isSurrogate ? 0 : 3
  }
  if (!isContinuation(at + 3, end)) return 0
  const isOverlong = lead == 0xf0 && second < 0x90
  const isAboveUnicode = lead == 0xf4 && second > 0x8f
  return isOverlong || isAboveUnicode ? 0 : 4
}

function isContinuation(at: usize, end: usize): bool {
  return at < end && (load<u8>(at) & 0xc0) == 0x80
}
