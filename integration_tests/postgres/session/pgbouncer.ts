import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serverAccount, temporaryRoot } from '../../helpers/account.ts'
import type { Server } from '../../helpers/server.ts'
import { freePort } from '../../helpers/free-port.ts'

const PGBOUNCER = '/usr/sbin/pgbouncer'
const START_TIMEOUT_MS = 20_000

/** PgBouncer in transaction mode in front of a server, with very few connections to it. */
export class PgBouncer implements AsyncDisposable {
  readonly port: number
  readonly #directory: string
  readonly #process: ChildProcess

  private constructor(port: number, directory: string, process: ChildProcess) {
    this.port = port
    this.#directory = directory
    this.#process = process
  }

  /** @param settings lines of its configuration, in addition to those below. */
  static async start(server: Server, settings: readonly string[] = []): Promise<PgBouncer> {
    const directory = await mkdtemp(join(temporaryRoot(), 'pgbouncer-'))
    const account = serverAccount()
    if (account !== null) await chown(directory, account.uid, account.gid)
    const port = await freePort()
    const file = join(directory, 'pgbouncer.ini')
    const { host, port: target, user, password } = server.connectionConfig()
    const lines = [
      '[databases]',
      `* = host=${host} port=${target} user=${user} password=${password}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      'pool_mode = transaction',
      'default_pool_size = 2',
      'server_reset_query =',
      ...settings,
    ]
    await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o644 })
    const child = spawn(PGBOUNCER, ['-q', file], { stdio: 'ignore', ...account })
    const bouncer = new PgBouncer(port, directory, child)
    await waitForListener(port)
    return bouncer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit')
      this.#process.kill('SIGKILL')
      await ended
    }
    await rm(this.#directory, { recursive: true, force: true })
  }
}

async function waitForListener(port: number): Promise<void> {
  const deadlineMs = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    if (Date.now() > deadlineMs) throw new Error('pgbouncer did not start')
    await sleep(50)
  }
}
