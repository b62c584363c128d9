import { lookup } from 'node:dns/promises'
import type { Socket } from 'node:net'
import { errorCode } from '../../errors.ts'
import { Deadline, unlessAborted } from './deadline.ts'
import { streamEvent } from './stream-event.ts'

/**
 * Codes of an address without a route from this machine. The error of another address is more
 * useful.
 */
const NO_ROUTE: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** Starts to connect a socket to an IP address. */
export type OpenSocket = (address: string) => Socket

/** Resolves a host to its IP addresses, in the order in which they are to be tried (RFC 6724). */
export async function resolveHost(host: string, deadline: Deadline): Promise<readonly string[]> {
  const found = await unlessAborted(lookup(host, { all: true }), deadline.signal)
  return found.map(({ address }) => address)
}

/**
 * Returns a socket connected to the first of `addresses` that accepts the connection. Each attempt
 * may take an equal share of the remaining time.
 * @throws the error of the last address to which there is a route.
 */
export async function connectFirst(
  addresses: readonly string[],
  open: OpenSocket,
  deadline: Deadline,
): Promise<Socket> {
  let failure: unknown = null
  for (const [index, address] of addresses.entries()) {
    const isLast = index === addresses.length - 1
    const shareMs = deadline.leftMs / (addresses.length - index)
    try {
      using share = new Deadline(shareMs, deadline.signal)
      return await connectOne(open(address), isLast ? deadline : share)
    } catch (error) {
      if (deadline.signal.aborted) throw deadline.error
      if (failure === null || !NO_ROUTE.has(errorCode(error) ?? '')) failure = error
    }
  }
  throw failure
}

async function connectOne(socket: Socket, deadline: Deadline): Promise<Socket> {
  socket.on('error', ignore)
  try {
    await streamEvent(socket, 'connect', deadline)
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/**
 * Prevents that an error between two listeners ends the process. The next wait finds the stream
 * closed.
 */
function ignore(): void {}
