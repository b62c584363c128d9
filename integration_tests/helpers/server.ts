import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { appendFile, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Account, serverAccount, temporaryRoot } from './account.ts'
import { findBinaries, requestedMajor } from './binaries.ts'
import { CleanupProcess } from './cleanup-process.ts'
import { type Row, Session } from './session.ts'
import { freePort } from './free-port.ts'
import { DEFAULT_SETTINGS } from './server-settings.ts'

/** Options of a server; each has a default. */
export interface ServerOptions {
  /** 12 to 18; default: `PG_VERSION`, or the newest. */
  readonly major?: number
  /** Settings of postgresql.conf, which override `DEFAULT_SETTINGS`. */
  readonly settings?: Readonly<Record<string, string>>
  /** Lines of pg_hba.conf before the default ones. */
  readonly hba?: readonly string[]
  readonly initdbArgs?: readonly string[]
  /** Name → content of additional files in the data directory, such as keys and certificates. */
  readonly files?: Readonly<Record<string, string>>
  /** Parent of the server's directory; default: the system's temporary directory. */
  readonly directory?: string
}

/** Parameters to connect over TCP, by the names of pg. */
export interface ConnectionConfig {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

/**
 * Shutdown modes of PostgreSQL: `smart` waits for clients, `fast` disconnects them, `immediate` is
 * like a crash.
 */
export type StopMode = 'smart' | 'fast' | 'immediate'

const STOP_SIGNALS = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const
const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 30_000
const POLL_INTERVAL_MS = 10
/**
 * Matches an error after which starting is retried: another process has taken the port, or the
 * backends of a killed postmaster are still ending.
 */
const RETRIED_START = /Address already in use|pre-existing shared memory block/
const START_ATTEMPTS = 100
const START_RETRY_MS = 300

const execute = promisify(execFile)

/**
 * A PostgreSQL server with superuser `postgres` and password `password`, on a free port of
 * 127.0.0.1.
 */
export class Server implements AsyncDisposable {
  readonly major: number
  readonly #bin: string
  readonly #account: Account | null
  readonly #directory: string
  readonly #cleanup: CleanupProcess
  #port = 0
  #postmaster: ChildProcess | null = null

  private constructor(major: number, bin: string, account: Account | null, directory: string) {
    this.major = major
    this.#bin = bin
    this.#account = account
    this.#directory = directory
    this.#cleanup = new CleanupProcess(directory)
  }

  /**
   * Starts a server with an empty cluster. Dispose of it; if this process is killed first, the
   * server is stopped, too.
   */
  static async start(options: ServerOptions = {}): Promise<Server> {
    const { major, directory: binaries } = await findBinaries(options.major ?? requestedMajor())
    const account = serverAccount()
    const directory = await mkdtemp(join(options.directory ?? temporaryRoot(), 'pg-'))
    if (account !== null) await chown(directory, account.uid, account.gid)
    const server = new Server(major, join(binaries, 'bin'), account, directory)
    try {
      await server.#initialize(options)
      await server.#launch()
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
    return server
  }

  get port(): number {
    return this.#port
  }

  /** The process id of the postmaster, null when stopped. */
  get pid(): number | null {
    return this.#postmaster?.pid ?? null
  }

  /** Directory of pg_wal, base and the other files of the cluster. */
  get dataDirectory(): string {
    return join(this.#directory, 'data')
  }

  /** Directory of the Unix socket, over which every local user is trusted. */
  get socketDirectory(): string {
    return this.#directory
  }

  connectionConfig(database = 'postgres'): ConnectionConfig {
    const { port } = this
    return { host: '127.0.0.1', port, user: 'postgres', password: 'password', database }
  }

  /** Returns the rows of the last statement of `sql`, every value as the server's text. */
  async query(sql: string, database = 'postgres'): Promise<Row[]> {
    await using session = await Session.open(this.connectionConfig(database))
    return await session.sql(sql)
  }

  /** Returns everything that the server has logged. */
  async log(): Promise<string> {
    return await readFile(this.#logFile, 'utf8').catch(() => '')
  }

  /** Stops the server and waits for its end; does nothing if it is not running. */
  async stop(mode: StopMode = 'fast'): Promise<void> {
    await this.kill(STOP_SIGNALS[mode])
  }

  /**
   * Sends `signal` to the postmaster; waits for its end unless the signal only pauses or resumes
   * it.
   */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const postmaster = this.#postmaster
    if (postmaster === null) return
    postmaster.kill(signal)
    if (['SIGSTOP', 'SIGCONT', 'SIGHUP', 'SIGUSR1'].includes(signal)) return
    await this.#waitForEnd(postmaster)
  }

  /** Creates a streaming standby of this server, which is stopped during the copy. */
  async createStandby(settings: Readonly<Record<string, string>> = {}): Promise<Server> {
    await this.stop()
    const directory = await mkdtemp(join(dirname(this.#directory), 'pg-'))
    if (this.#account !== null) await chown(directory, this.#account.uid, this.#account.gid)
    const standby = new Server(this.major, this.#bin, this.#account, directory)
    await execute('cp', ['-a', this.dataDirectory, standby.dataDirectory])
    await standby.#write(join(standby.dataDirectory, 'standby.signal'), '')
    const primary = `host=127.0.0.1 port=${this.port} user=postgres password=password`
    const own = { unix_socket_directories: directory, primary_conninfo: primary }
    await standby.#configure({ ...own, ...settings })
    await this.#launch()
    await standby.#launch()
    return standby
  }

  /**
   * Stops the server if it is running and starts it again on the same port, with additional
   * `settings`.
   */
  async restart(
    options: { mode?: StopMode; settings?: Readonly<Record<string, string>> } = {},
  ): Promise<void> {
    await this.stop(options.mode)
    await this.#configure(options.settings ?? {})
    await this.#launch()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('immediate')
    await rm(this.#directory, { recursive: true, force: true })
    this.#cleanup.dismiss()
  }

  get #logFile(): string {
    return join(this.#directory, 'server.log')
  }

  get #spawnOptions() {
    const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' }
    return { cwd: this.#directory, env, ...this.#account }
  }

  async #initialize({ settings, hba = [], initdbArgs = [], files = {} }: ServerOptions) {
    const passwordFile = join(this.#directory, 'password')
    await this.#write(passwordFile, 'password\n')
    const place = ['-D', this.dataDirectory, '--no-sync', '--encoding=UTF8', '--locale=C']
    const access = ['-U', 'postgres', '--auth-local=trust', '--auth-host=scram-sha-256']
    const initdb = [...place, ...access, '--pwfile', passwordFile, ...initdbArgs]
    await execute(join(this.#bin, 'initdb'), initdb, this.#spawnOptions)
    const hbaFile = join(this.dataDirectory, 'pg_hba.conf')
    await writeFile(hbaFile, [...hba, await readFile(hbaFile, 'utf8')].join('\n'))
    for (const [name, content] of Object.entries(files)) {
      await this.#write(join(this.dataDirectory, name), content)
    }
    const own = { unix_socket_directories: this.#directory }
    await this.#configure({ ...DEFAULT_SETTINGS, ...own, ...settings })
  }

  /**
   * Writes a file that only the server's account may read: it rejects keys that others can read.
   */
  async #write(path: string, content: string): Promise<void> {
    await writeFile(path, content, { mode: 0o600 })
    if (this.#account !== null) await chown(path, this.#account.uid, this.#account.gid)
  }

  async #configure(settings: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(settings).map(
      ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`,
    )
    await appendFile(join(this.dataDirectory, 'postgresql.conf'), lines.join(''))
  }

  async #launch(): Promise<void> {
    const isFirst = this.#port === 0
    for (let attempt = 1; ; attempt++) {
      if (isFirst) this.#port = await freePort()
      const logged = (await this.log()).length
      if (await this.#tryLaunch()) return
      const reason = (await this.log()).slice(logged)
      if (attempt === START_ATTEMPTS || !RETRIED_START.test(reason)) {
        throw new Error(`PostgreSQL ${this.major} did not start:\n${reason}`)
      }
      await sleep(START_RETRY_MS)
    }
  }

  async #tryLaunch(): Promise<boolean> {
    const log = openSync(this.#logFile, 'a')
    const args = ['-D', this.dataDirectory, '-p', String(this.#port)]
    const stdio: ('ignore' | number)[] = ['ignore', log, log]
    const options = { ...this.#spawnOptions, stdio }
    const postmaster = spawn(join(this.#bin, 'postgres'), args, options)
    closeSync(log)
    await once(postmaster, 'spawn')
    this.#postmaster = postmaster
    this.#cleanup.watch(postmaster.pid ?? null)
    postmaster.once('exit', () => {
      if (this.#postmaster !== postmaster) return
      this.#postmaster = null
      this.#cleanup.watch(null)
    })
    postmaster.unref()
    const deadlineMs = Date.now() + START_TIMEOUT_MS
    while (hasNotEnded(postmaster)) {
      if (await this.#isReady(postmaster)) return true
      if (Date.now() > deadlineMs) await this.kill('SIGQUIT')
      await sleep(POLL_INTERVAL_MS)
    }
    return false
  }

  /**
   * The eighth line of the pid file shows it. A file that a killed postmaster has left has another
   * first line.
   */
  async #isReady(postmaster: ChildProcess): Promise<boolean> {
    const pidFile = join(this.dataDirectory, 'postmaster.pid')
    const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n')
    return lines[0] === String(postmaster.pid) && lines[7]?.trim() === 'ready'
  }

  async #waitForEnd(postmaster: ChildProcess): Promise<void> {
    if (!hasNotEnded(postmaster)) return
    postmaster.ref()
    const ended = once(postmaster, 'exit')
    const timer = setTimeout(() => postmaster.kill('SIGKILL'), STOP_TIMEOUT_MS)
    postmaster.kill('SIGCONT') // A paused postmaster would not handle any other signal
    await ended
    clearTimeout(timer)
  }
}

function hasNotEnded(process: ChildProcess): boolean {
  return process.exitCode === null && process.signalCode === null
}
