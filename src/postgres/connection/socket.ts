import { connect, type Socket } from 'node:net'

/** Room for what one read of the socket brings. */
const READ_BYTES = 256 * 1024
/** Emitted with bytes that are only valid until the listener returns or, if it pauses the socket, until it resumes it. */
export const SHARED_CHUNK = 'sharedChunk'

/**
 * A TCP socket that always reads into the same memory. Who listens to `SHARED_CHUNK` gets that memory itself; otherwise
 * a copy of it goes to the listeners of `data`, who may keep it.
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
