import type { Output } from './protocol/output.ts'
import type { JsonObject } from './json/json.ts'
import { type LogLevel, logMessage } from './protocol/messages.ts'

/** The terminal of the user who runs the command. */
export interface Terminal {
  /** Current width. */
  readonly columns: number
  /** Number of columns that a text takes. */
  widthOf(text: string): number
  write(text: string): void
}

/** When rows are encoded in the WebAssembly module: in large streams, always, or never. */
export type AccelerationMode = 'bulk' | 'always' | 'off'

/** Context of a command: where messages go, the time of the run, and when to stop. */
export interface Run {
  readonly output: Output
  /**
   * Output for data that is not a protocol message: stdout, while the messages go to stderr. Null:
   * there is no such data.
   */
  readonly data: Output | null
  /** Where progress is shown; null: it is not shown. */
  readonly terminal: Terminal | null
  /** `emitted_at` of everything in this run, in milliseconds since 1970. */
  readonly startedAtMs: number
  readonly acceleration: AccelerationMode
  /** Warnings that `logOnce` has logged. */
  readonly logged: Set<string>
  /** The environment variables of the process. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Aborted by SIGTERM or SIGINT. */
  readonly signal: AbortSignal
  /**
   * Called before the process exits without waiting for the command. The callbacks append the
   * missing final messages.
   */
  readonly onHardExit: Set<() => void>
}

/** Returns a function that appends LOG messages. */
export function logger(run: Run): (level: LogLevel, message: string) => void {
  return (level, message) => log(run, level, message)
}

export function log(run: Run, level: LogLevel, message: string, health?: JsonObject): void {
  run.output.write(logMessage(level, message, health))
}

/**
 * Logs a WARN unless the run has already logged the same text: another attempt or process produces
 * it again.
 */
export function logOnce(run: Run, message: string): void {
  if (run.logged.has(message)) return
  run.logged.add(message)
  log(run, 'WARN', message)
}

/** The parts of a run that its connections use. */
export function connectOptions(run: Run) {
  const { signal, environment } = run
  return { log: logger(run), signal, environment }
}
