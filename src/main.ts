#!/usr/bin/env node
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isatty } from 'node:tty'
import { setFlagsFromString } from 'node:v8'
import { type CommandLine, parseCommandLine, STANDARD_INPUT } from './cli/command-line.ts'
import { UsageError } from './cli/parse-words.ts'
import { isShardProcess } from './commands/processes/command.ts'
import type { ReadInput } from './commands/read.ts'
import type { Run } from './run-context.ts'
import { specMessage } from './commands/spec.ts'
import { ConnectorError, ReportedError } from './errors.ts'
import { errorTrace, type Message } from './protocol/messages.ts'
import { Output, OutputClosedError, type OutputOptions } from './protocol/output.ts'
import { messagePrinter } from './terminal/message-printer.ts'
import { terminalText } from './terminal/readable-message.ts'

type FileCommand = Exclude<CommandLine, { command: 'spec' | 'help' }>
type ReadCommand = Extract<CommandLine, { command: 'read' }>

const STDOUT_FD = 1
const STDERR_FD = 2
const EXIT_OK = 0
const EXIT_FAILED = 1
const EXIT_USAGE = 2
/** Maximum time that a process waits for its command after a stop signal. */
const STOP_MS = 3000
/** Maximum time that a process which exits without its command waits for the consumer. */
const LAST_FLUSH_MS = 500

/** Prints warnings and errors on stderr, too; undefined: stdout alone has them. */
const printMessage = messagePrinter({
  messagesFd: STDOUT_FD,
  stderrFd: STDERR_FD,
  openStderr: () => process.stderr,
})
const stop = new AbortController()
let run: Run = {
  ...outputs(false),
  terminal: null,
  startedAtMs: Date.now(),
  acceleration: acceleration(process.env['SOURCE_POSTGRES_WASM']),
  logged: new Set(),
  environment: process.env,
  signal: stop.signal,
  onHardExit: new Set(),
}
let isReported = false
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.once(name, () => {
    const message = `The sync was stopped by ${name}. Run it again to resume from the last state.`
    const reason = new ConnectorError('transient_error', message)
    stop.abort(reason)
    setTimeout(() => void exitHard(reason), STOP_MS).unref()
  })
}
// By default, Node.js prints an error with all its properties; those of a server error contain row
// values
process.on('uncaughtException', (error) => void exitHard(error))
process.on('unhandledRejection', (reason) => void exitHard(reason))

process.exit(await main(process.argv.slice(2)))

/**
 * Raises the optimization threshold of V8. On Node.js 20, V8 optimizes a function after it has run
 * 66 KB of bytecode. In a read of some seconds, this takes more CPU time than the optimized code
 * saves; in a short command, it saves more. Later versions of V8 do not have this flag and spend
 * less time on it. To be removed with Node.js 20.
 */
function delayOptimizer(): void {
  if (process.version.startsWith('v20.')) setFlagsFromString('--interrupt-budget=1000000')
}

async function main(argv: readonly string[]): Promise<number> {
  try {
    if (isShardProcess(argv, process.connected)) await executeTask()
    else await executeLine(argv)
    await run.output.flush()
    return EXIT_OK
  } catch (error) {
    return await reportFailure(run.signal.aborted ? run.signal.reason : error)
  }
}

async function executeLine(argv: readonly string[]): Promise<void> {
  const line = await parseCommandLine(argv)
  if (line.command === 'read') delayOptimizer()
  run = {
    ...run,
    ...(takesStdout(line) && outputs(true)),
    terminal: line.command === 'read' && !showsRecords(line) ? await terminal() : null,
  }
  await execute(line)
}

/** Reads the shard that the parent process assigns, and ends with that process. */
async function executeTask(): Promise<void> {
  delayOptimizer()
  process.once('disconnect', () => {
    void exitHard(
      new ConnectorError('transient_error', 'The process that started this one has ended.'),
    )
  })
  declareNavigator()
  const [[task], { readTask }] = await Promise.all([
    once(process, 'message'),
    import('./commands/with-database.ts'),
  ])
  await readTask(run, task)
}

/**
 * Parses the environment variable that switches the module on or off, for tests and comparisons.
 */
function acceleration(value: string | undefined): Run['acceleration'] {
  return value === 'always' || value === 'off' ? value : 'bulk'
}

/** Messages go to stdout unless stdout is used for an Arrow stream. */
function outputs(isStdoutTaken: boolean): Pick<Run, 'output' | 'data'> {
  if (isStdoutTaken) {
    return { output: openMessages(STDERR_FD), data: openOutput(STDOUT_FD, { unit: 'bytes' }) }
  }
  return { output: openMessages(STDOUT_FD, printMessage), data: null }
}

/** Opens an output for messages. On a terminal, those for the user are plain text. */
function openMessages(fd: number, onMessage?: (message: Message) => void): Output {
  return openOutput(fd, {
    path: fd === STDERR_FD ? 'stderr' : 'stdout',
    ...(onMessage !== undefined && { onMessage }),
    ...(isatty(fd) && { serialize: terminalText }),
  })
}

function openOutput(fd: number, options: Partial<OutputOptions>): Output {
  return new Output(fd, { ...options, onFailure: (error) => stop.abort(error) })
}

function takesStdout(line: CommandLine): boolean {
  if (line.command === 'read') return line.format === 'arrow' && line.output === null
  if (line.command === 'shards') return true
  return line.command === 'discover' && line.table
}

/** Whether stdout is a terminal that shows the records, which progress would overwrite. */
function showsRecords({ output }: ReadCommand): boolean {
  return output === null && isatty(STDOUT_FD)
}

/**
 * Opens a second description of the terminal. `process.stderr` makes a pipe non-blocking; with
 * `2>&1` this would include stdout, which would then be written in small parts.
 */
async function terminal(): Promise<Run['terminal']> {
  if (!isatty(STDERR_FD)) return null
  const { default: widthOf } = await import('string-width')
  const { stderr } = process
  return {
    get columns() {
      return stderr.columns
    },
    widthOf,
    write: (text) => void stderr.write(text),
  }
}

async function execute(line: CommandLine): Promise<void> {
  if (line.command === 'help') process.stdout.write(`${line.text}\n`)
  else if (line.command === 'spec') run.output.write(specMessage())
  else await executeWithConfig(line)
}

/** Commands that need a database are loaded on demand, so that `spec` starts faster. */
async function executeWithConfig(line: FileCommand): Promise<void> {
  declareNavigator()
  const commands = await import('./commands/with-database.ts')
  const readConfig = async (): Promise<unknown> => {
    const raw = await commands.readJsonFile(line.config, 'config')
    return line.expandEnv ? commands.expandEnv(raw, process.env) : raw
  }
  switch (line.command) {
    case 'check':
      return await commands.check(run, readConfig)
    case 'discover': {
      const { streams } = line
      return await commands.discover(run, {
        config: await readConfig(),
        streams,
        arrow: describedArrow(line),
      })
    }
    case 'read': {
      const input = { ...(await readFiles(line)), config: await readConfig() }
      if (line.shard !== STANDARD_INPUT) return await commands.read(run, input)
      return await commands.readShards(run, input, process.stdin)
    }
    case 'shards': {
      const { stream, count, idleTimeoutSeconds: seconds } = line
      const idleTimeoutMs = seconds === null ? null : seconds * 1000
      const inputClosed = seconds === null ? untilInputCloses() : new AbortController().signal
      const arrow = describedArrow(line)
      const options = { stream, count, arrow, idleTimeoutMs, inputClosed }
      return await commands.shards(run, { config: await readConfig(), ...options })
    }
    default:
      line satisfies never
      throw new Error('unknown command')
  }
}

/** The kind of Arrow schemas that are printed; null: none. */
function describedArrow({
  arrowSchema,
  arrowExact: isExact,
}: Extract<CommandLine, { arrowSchema: boolean }>): { isExact: boolean } | null {
  return arrowSchema ? { isExact } : null
}

/**
 * Defines `navigator` on Node.js 20. Without it, pg constructs a Response to detect its platform.
 * This loads undici and its WebAssembly code, and ends the process where the address space is
 * limited. To be removed with Node.js 20.
 */
function declareNavigator(): void {
  if (!('navigator' in globalThis)) {
    Object.assign(globalThis, { navigator: { userAgent: `Node.js/${process.version}` } })
  }
}

async function readFiles(line: ReadCommand): Promise<Omit<ReadInput, 'config'>> {
  const commands = await import('./commands/with-database.ts')
  const { readCatalog, readStates, readStatesToKeep, readGivenShard } = commands
  const { catalog, state, stateOut, streams, format, output, arrowExact, shard, shardIndex } = line
  const { processes: count } = line
  const saved = stateOut === null ? null : await readStatesToKeep(stateOut)
  const isFirst = state !== null && state === stateOut && saved === null
  return {
    catalog: catalog === null ? null : await readCatalog(catalog),
    states: state === null || isFirst ? null : await readStates(state),
    streams,
    shard:
      shard === null || shard === STANDARD_INPUT ? null : await readGivenShard(shard, shardIndex),
    arrow: format === 'json' ? null : { directory: output, isExact: arrowExact },
    processes: count === null ? null : { count, program: program() },
    stateOut: stateOut === null ? null : { path: stateOut, saved },
  }
}

/** The command line that started this process, up to its command. */
function program(): readonly string[] {
  return [process.execPath, ...process.execArgv, process.argv[1]!]
}

/** A signal that is aborted when standard input closes. */
function untilInputCloses(): AbortSignal {
  const controller = new AbortController()
  const message =
    'Standard input was closed before the shards were made. Keep it open until all shards are read, or use --idle-timeout.'
  for (const event of ['end', 'close', 'error']) {
    process.stdin.once(event, () => controller.abort(new ConnectorError('config_error', message)))
  }
  process.stdin.resume()
  return controller.signal
}

/**
 * Exits although the command has not ended. A consumer that still reads gets the statuses and the
 * TRACE.
 */
async function exitHard(error: unknown): Promise<void> {
  try {
    for (const complete of run.onHardExit) complete()
    await Promise.race([reportFailure(error), sleep(LAST_FLUSH_MS)])
  } finally {
    // process.exit would wait for the thread of a pending write, which a consumer that does not
    // read blocks forever
    if (run.output.isWriting || run.data?.isWriting === true) process.kill(process.pid, 'SIGKILL')
    process.exit(EXIT_FAILED)
  }
}

async function reportFailure(error: unknown): Promise<number> {
  if (error instanceof UsageError) {
    process.stderr.write(`source-postgres: ${error.message}\n`)
    return EXIT_USAGE
  }
  if (error instanceof OutputClosedError) return EXIT_FAILED
  if (error instanceof ReportedError) isReported = true
  try {
    if (!isReported) run.output.write(errorTrace(ConnectorError.from(error), Date.now()))
    isReported = true
    await run.output.flush()
  } catch (outputError) {
    // If the consumer has closed the pipe, only the exit code reports the error
    const isPrinted = printMessage !== undefined && outputError === error
    if (!isPrinted && !(outputError instanceof OutputClosedError)) {
      process.stderr.write(`error: ${ConnectorError.from(outputError).message}\n`)
    }
  }
  return EXIT_FAILED
}
