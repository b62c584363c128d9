let lastBytes: Buffer | null = null
let lastView: DataView = new DataView(new ArrayBuffer(0))

/**
 * Returns a DataView of all of `bytes`. It reads and writes words in one instruction, where a
 * Buffer accesses each byte, and it throws outside of its range. The last view is cached: all rows
 * of a socket chunk share it.
 */
export function viewOf(bytes: Buffer): DataView {
  if (bytes !== lastBytes) {
    lastView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    lastBytes = bytes
  }
  return lastView
}
