import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * Reads process ids, a line each; at the end of its input — also when the writer was killed — it stops the last
 * one and removes the directory. SIGQUIT, so that the server frees its shared memory, which SIGKILL would leave.
 */
const SCRIPT = `
trap '' INT TERM HUP
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then kill -QUIT "$pid"; kill -CONT "$pid"; sleep 1; fi
rm -rf -- "$0"
`

/** Cleans up after a server whose test process died without doing so. */
export class Guardian {
  readonly #shell: ChildProcess

  /** @param directory removed with everything in it when this process ends. */
  constructor(directory: string) {
    const stdio: ('pipe' | 'ignore')[] = ['pipe', 'ignore', 'ignore']
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, directory], { cwd: '/', detached: true, stdio })
    this.#shell.unref()
    const input = this.#shell.stdin
    if (input instanceof Socket) input.unref()
    input?.on('error', () => undefined) // Somebody ended the shell; then there is just no guardian
  }

  /** The process to stop; null while there is none. */
  watch(pid: number | null): void {
    if (this.#shell.stdin?.writable) this.#shell.stdin.write(`${pid ?? ''}\n`)
  }

  /** Ends the guardian: the process is gone and the directory removed, or will be. */
  dismiss(): void {
    this.#shell.stdin?.end()
  }
}
