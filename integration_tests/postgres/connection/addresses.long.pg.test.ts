import { expect } from 'chai'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connectFirst, resolveHost } from '../../../src/postgres/connection/addresses.ts'
import { Deadline } from '../../../src/postgres/connection/deadline.ts'
import { freePort } from '../../helpers/free-port.ts'

/**
 * A listener on an address of the loopback network that can be stopped; the kernel then drops
 * connection requests.
 */
class Listener implements AsyncDisposable {
  readonly address: string
  readonly port: number
  readonly #process: ChildProcess
  readonly #waiting: Socket[] = []

  private constructor(address: string, port: number, child: ChildProcess) {
    this.address = address
    this.port = port
    this.#process = child
  }

  static async start(address: string, port: number): Promise<Listener> {
    // It writes output as soon as it listens
    const script = `require('node:net').createServer((socket) => socket.on('error', () => {}))
      .listen({ host: '${address}', port: ${port}, backlog: 1 }, () => console.log('ready'))`
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    return new Listener(address, port, child)
  }

  /** Stops the process, and fills its queue until no further connection is accepted. */
  async stop(): Promise<void> {
    this.#process.kill('SIGSTOP')
    for (;;) {
      const socket = connect(this.port, this.address).on('error', () => undefined)
      this.#waiting.push(socket)
      const answered = once(socket, 'connect').then(() => true)
      if (!(await Promise.race([answered, delay(200)]))) return
    }
  }

  resume(): void {
    this.#process.kill('SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#waiting) socket.destroy()
    this.#process.kill('SIGKILL')
    await once(this.#process, 'exit')
  }
}

/** Connects to the first of the listeners, all on one port, that accepts the connection. */
async function reach(listeners: readonly Listener[], deadline: Deadline): Promise<Socket> {
  const addresses = listeners.map(({ address }) => address)
  const port = listeners[0]!.port
  return await connectFirst(addresses, (host) => connect({ host, port }), deadline)
}

async function delay(ms: number): Promise<false> {
  return await new Promise((resolve) => setTimeout(() => resolve(false), ms))
}

describe('a host with several addresses', () => {
  it('each address gets its share of the time: the second is reached after a silent first one', async () => {
    const port = await freePort()
    await using silent = await Listener.start('127.0.0.2', port)
    await using open = await Listener.start('127.0.0.3', port)
    await silent.stop()
    using deadline = new Deadline(4000)
    const socket = await reach([silent, open], deadline)
    expect(socket.remoteAddress).to.equal(open.address)
    expect(deadline.signal.aborted).to.equal(false)
    socket.destroy()
  })

  it('a first address that needs more than 250 ms is not dropped', async () => {
    const port = await freePort()
    await using slow = await Listener.start('127.0.0.2', port)
    await using other = await Listener.start('127.0.0.3', port)
    await slow.stop()
    using deadline = new Deadline(60_000)
    const connecting = reach([slow, other], deadline)
    await delay(400)
    slow.resume()
    const socket = await connecting
    expect(socket.remoteAddress).to.equal(slow.address)
    socket.destroy()
  })

  it('all addresses are silent: the error has the code and the time of the deadline', async () => {
    const port = await freePort()
    await using first = await Listener.start('127.0.0.2', port)
    await using second = await Listener.start('127.0.0.3', port)
    await first.stop()
    await second.stop()
    using deadline = new Deadline(600)
    const error: unknown = await reach([first, second], deadline).catch((reason: unknown) => reason)
    expect(error).to.include({ code: 'ETIMEDOUT', elapsedMs: 600 })
  })

  it('no address accepts: the error is that of an address with a route', async () => {
    const port = await freePort()
    using deadline = new Deadline(60_000)
    // An IPv6 address for documentation, to which there is no route
    const addresses = ['127.0.0.2', '2001:db8::1']
    const open = (host: string): Socket =>
      host === '127.0.0.2' ? connect({ host, port }) : connect({ host, port, localAddress: '::1' })
    const error: unknown = await connectFirst(addresses, open, deadline).catch(
      (reason: unknown) => reason,
    )
    expect(error).to.include({ code: 'ECONNREFUSED' })
  })

  it('an IP address is not resolved', async () => {
    using deadline = new Deadline(60_000)
    expect(await resolveHost('127.0.0.2', deadline)).to.deep.equal(['127.0.0.2'])
    expect(await resolveHost('::1', deadline)).to.deep.equal(['::1'])
  })
})
