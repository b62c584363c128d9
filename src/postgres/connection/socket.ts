import { connect, type Socket } from 'node:net'

/** Maximum number of bytes per read of the socket. */
const READ_BYTES = 256 * 1024
/**
 * Emitted with bytes that are only valid until the listener returns or, if it pauses the socket,
 * until it resumes it.
 */
export const SHARED_CHUNK = 'sharedChunk'

/**
 * A TCP socket that always reads into the same memory. Listeners of `SHARED_CHUNK` receive that
 * memory itself; without them, the listeners of `data` receive a copy, which they may keep.
 */
export function connectSocket(address: string, port: number): Socket {
  const onread = {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback(count: number, memory: Uint8Array): boolean {
      const chunk = Buffer.from(memory.buffer, memory.byteOffset, count)
      if (!socket.emit(SHARED_CHUNK, chunk)) socket.emit('data', Buffer.from(chunk))
      return true
    },
  }
  const socket: Socket = connect({ host: address, port, noDelay: true, onread })
  return socket
}
