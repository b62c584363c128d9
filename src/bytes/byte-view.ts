let lastBytes: Buffer | null = null
let lastView: DataView = new DataView(new ArrayBuffer(0))

/**
 * A DataView over the whole of `bytes`. It reads and writes words in one instruction where a Buffer goes byte by byte,
 * and it throws outside of its range. The last one is kept: all rows of a socket chunk share it.
 */
export function viewOf(bytes: Buffer): DataView {
  if (bytes !== lastBytes) {
    lastView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    lastBytes = bytes
  }
  return lastView
}
