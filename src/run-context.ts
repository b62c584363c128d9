import type { Output } from './protocol/output.ts'
import type { JsonObject } from './json/json.ts'
import { type LogLevel, logMessage } from './protocol/messages.ts'

/** The terminal of the one who runs the command by hand. */
export interface Terminal {
  /** How wide it is now. */
  readonly columns: number
  write(text: string): void
}

/** When rows are encoded in the WebAssembly module: in large streams, in all of them, or not at all. */
export type AccelerationMode = 'bulk' | 'always' | 'off'

/** What every command works with: where messages go, what time the run has, and when to stop. */
export interface Run {
  readonly output: Output
  /** Takes what is no protocol message: stdout, while the messages go to stderr. Null: there is no such thing. */
  readonly data: Output | null
  /** Where progress is shown; null: nowhere. */
  readonly terminal: Terminal | null
  /** `emitted_at` of everything in this run, in milliseconds since 1970. */
  readonly startedAtMs: number
  readonly acceleration: AccelerationMode
  /** What `logOnce` has logged. */
  readonly logged: Set<string>
  /** The environment variables of the process. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Aborted by SIGTERM or SIGINT. */
  readonly signal: AbortSignal
  /** Called before the process exits without waiting for the command: they append what the output still lacks. */
  readonly onHardExit: Set<() => void>
}

/** A function that appends LOG messages. */
export function logger(run: Run): (level: LogLevel, message: string) => void {
  return (level, message) => log(run, level, message)
}

/** Appends a LOG message. */
export function log(run: Run, level: LogLevel, message: string, health?: JsonObject): void {
  run.output.write(logMessage(level, message, health))
}

/** Logs a WARN, unless the run has logged the same one before: another attempt or process gives it, too. */
export function logOnce(run: Run, message: string): void {
  if (run.logged.has(message)) return
  run.logged.add(message)
  log(run, 'WARN', message)
}

/** What the connections of a run need of it. */
export function connectOptions(run: Run) {
  const { signal, environment } = run
  return { log: logger(run), signal, environment }
}
