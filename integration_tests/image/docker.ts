import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const LINE_FEED = 0x0a
const RECORD_START = Buffer.from('{"type":"RECORD"')
const MAX_OUTPUT_BYTES = 64 * 2 ** 20

/** Exit status of a container. */
export interface ContainerEnding {
  readonly code: number | null
  readonly stderr: string
}

/** Output of a container. Records are only counted, because there may be millions. */
export interface Tally extends ContainerEnding {
  readonly records: number
  readonly bytes: number
  /** The lines that are not records. */
  readonly lines: readonly string[]
}

/** Returns the stdout of a `docker` command. @throws Error with its stderr. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await execute('docker', args, { maxBuffer: MAX_OUTPUT_BYTES })
  return stdout
}

/** Runs `docker run` like an orchestrator, attached to the container's stdout. Dispose of it. */
export class ContainerRun implements AsyncDisposable {
  readonly name = `source-postgres-test-${randomBytes(4).toString('hex')}`
  readonly process: ChildProcess
  readonly #stderr: Promise<string>

  /**
   * @param args arguments after the options of every run: more options, the image, its arguments.
   */
  constructor(args: readonly string[]) {
    // No log driver: an orchestrator reads the output from the pipe
    const options = ['run', '--rm', '--name', this.name, '--log-driver', 'none', ...args]
    const child = spawn('docker', options, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#stderr = text(child.stderr)
    this.process = child
  }

  /** Reads stdout to its end and waits for the container. */
  async output(): Promise<ContainerEnding & { readonly stdout: string }> {
    const ended = once(this.process, 'close')
    const stdout = this.process.stdout === null ? '' : await text(this.process.stdout)
    await ended
    return { stdout, code: this.process.exitCode, stderr: await this.#stderr }
  }

  /**
   * Reads stdout to its end and counts its records.
   * @param onLine called for each line that is not a record.
   */
  async tally(onLine: (line: string) => void = () => undefined): Promise<Tally> {
    const ended = once(this.process, 'close')
    const counter = new LineCounter(onLine)
    for await (const chunk of this.process.stdout ?? []) counter.push(chunk)
    await ended
    const { records, bytes, lines } = counter
    return { records, bytes, lines, code: this.process.exitCode, stderr: await this.#stderr }
  }

  /** A value of `/proc/1/status`, such as `VmHWM`, in MiB; null if the process has ended. */
  async memory(line: 'VmRSS' | 'VmHWM'): Promise<number | null> {
    const status = await docker('exec', this.name, 'cat', '/proc/1/status').catch(() => '')
    const match = new RegExp(`^${line}:\\s+(\\d+) kB$`, 'm').exec(status)
    return match === null ? null : Number(match[1]) / 1024
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await docker('rm', '--force', this.name).catch(() => undefined)
    this.process.kill('SIGKILL')
  }
}

/** Distinguishes records from other lines by their first bytes, and keeps only the others. */
class LineCounter {
  records = 0
  bytes = 0
  readonly lines: string[] = []
  readonly #onLine: (line: string) => void
  #tail: Buffer = Buffer.alloc(0)

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  push(chunk: Buffer): void {
    this.bytes += chunk.length
    const bytes = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk])
    let start = 0
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      this.#take(bytes, start, end)
      start = end + 1
    }
    this.#tail = bytes.subarray(start)
  }

  #take(bytes: Buffer, start: number, end: number): void {
    if (
      bytes.compare(RECORD_START, 0, RECORD_START.length, start, start + RECORD_START.length) === 0
    ) {
      this.records++
      return
    }
    const line = bytes.toString('utf8', start, end)
    this.lines.push(line)
    this.#onLine(line)
  }
}
