import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * Reads process ids, one per line. At the end of its input, also when the writer was killed, it
 * stops the last one and removes the directory. It uses SIGQUIT, after which the server frees its
 * shared memory, unlike SIGKILL.
 */
const SCRIPT = `
trap '' INT TERM HUP
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then kill -QUIT "$pid"; kill -CONT "$pid"; sleep 1; fi
rm -rf -- "$0"
`

/** Stops a server and removes its files if its test process was killed. */
export class CleanupProcess {
  readonly #shell: ChildProcess

  /** @param directory removed with everything in it when this process ends. */
  constructor(directory: string) {
    const stdio: ('pipe' | 'ignore')[] = ['pipe', 'ignore', 'ignore']
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, directory], { cwd: '/', detached: true, stdio })
    this.#shell.unref()
    const input = this.#shell.stdin
    if (input instanceof Socket) input.unref()
    input?.on('error', () => undefined) // If the shell was killed, the server is not monitored
  }

  /** Sets the process to stop; null: none. */
  watch(pid: number | null): void {
    if (this.#shell.stdin?.writable) this.#shell.stdin.write(`${pid ?? ''}\n`)
  }

  /** Ends the shell, which then stops the process and removes the directory. */
  dismiss(): void {
    this.#shell.stdin?.end()
  }
}
