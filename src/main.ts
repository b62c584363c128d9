#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CommandLine, parseCommandLine, UsageError } from './cli.ts'
import type { ReadInput } from './commands/read.ts'
import type { Run } from './run-context.ts'
import { specMessage } from './commands/spec.ts'
import { ConnectorError } from './errors.ts'
import { errorTrace } from './protocol/messages.ts'
import { Output, OutputClosedError, type OutputUnit } from './protocol/output.ts'

type FileCommand = Exclude<CommandLine, { command: 'spec' | 'help' }>
type ReadCommand = Extract<CommandLine, { command: 'read' }>

const STDOUT_FD = 1
const STDERR_FD = 2
const EXIT_OK = 0
const EXIT_FAILED = 1
const EXIT_USAGE = 2
/** How long a stopped command may take to cancel its query. */
const GRACE_MS = 2000
/** How long a stopped process waits for a consumer that does not read. */
const STOP_MS = 3000

const stop = new AbortController()
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.once(name, () => {
    const message = `The sync was stopped by ${name}. Run it again to go on from the last state.`
    stop.abort(new ConnectorError('transient_error', message))
    setTimeout(() => process.exit(EXIT_FAILED), STOP_MS).unref()
  })
}
let run: Run = { ...outputs(false), terminal: null, startedAtMs: Date.now(), signal: stop.signal }

process.exit(await main(process.argv.slice(2)))

async function main(argv: readonly string[]): Promise<number> {
  try {
    const line = parseCommandLine(argv)
    run = { ...run, ...(takesStdout(line) && outputs(true)), terminal: terminal() }
    await execute(line)
    await run.output.flush()
    return EXIT_OK
  } catch (error) {
    return await reportFailure(run.signal.aborted ? run.signal.reason : error)
  }
}

/** Messages go to stdout, unless that is for something else. */
function outputs(isStdoutTaken: boolean): Pick<Run, 'output' | 'data'> {
  return isStdoutTaken
    ? { output: openOutput(STDERR_FD), data: openOutput(STDOUT_FD, 'bytes') }
    : { output: openOutput(STDOUT_FD), data: null }
}

function openOutput(fd: number, unit?: OutputUnit): Output {
  return new Output(fd, (error) => stop.abort(error), unit)
}

function takesStdout(line: CommandLine): boolean {
  if (line.command === 'read') return line.format === 'arrow' && line.output === null
  return line.command === 'discover' && line.table
}

function terminal(): Run['terminal'] {
  const { stderr } = process
  if (!stderr.isTTY) return null
  return {
    get columns() {
      return stderr.columns
    },
    write: (text) => void stderr.write(text),
  }
}

async function execute(line: CommandLine): Promise<void> {
  if (line.command === 'help') process.stdout.write(`${line.text}\n`)
  else if (line.command === 'spec') run.output.write(specMessage())
  else await executeWithConfig(line)
}

/** The commands that need a database are loaded on demand: `spec` answers sooner without them. */
async function executeWithConfig(line: FileCommand): Promise<void> {
  const { readJsonFile } = await import('./config/read-json-file.ts')
  const { expandEnv } = await import('./config/expand-env.ts')
  const readConfig = async (): Promise<unknown> => {
    const raw = await readJsonFile(line.config, 'config')
    return line.expandEnv ? expandEnv(raw, process.env) : raw
  }
  switch (line.command) {
    case 'check': {
      const { check } = await import('./commands/check.ts')
      return await unlessStopped(check(run, readConfig))
    }
    case 'discover': {
      const { discover } = await import('./commands/discover.ts')
      const arrow = line.arrowSchema ? { isExact: line.arrowExact } : null
      return await unlessStopped(discover(run, await readConfig(), arrow))
    }
    case 'read': {
      const { read } = await import('./commands/read.ts')
      return await read(run, { ...(await readFiles(line)), config: await readConfig() })
    }
    default:
      line satisfies never
      throw new Error('unknown command')
  }
}

async function readFiles(line: ReadCommand): Promise<Omit<ReadInput, 'config'>> {
  const { readJsonFile } = await import('./config/read-json-file.ts')
  const { catalog, state, stateOut, streams, format, output, arrowExact } = line
  const saved = stateOut !== null && existsSync(stateOut)
  const isFirst = state !== null && state === stateOut && !saved
  return {
    catalog: catalog === null ? null : await readJsonFile(catalog, 'catalog'),
    state: state === null || isFirst ? null : await readJsonFile(state, 'state'),
    streams,
    arrow: format === 'json' ? null : { directory: output, isExact: arrowExact },
    stateOut:
      stateOut === null
        ? null
        : { path: stateOut, saved: saved ? await readJsonFile(stateOut, 'state') : [] },
  }
}

/** For commands that have nothing to save: when they are stopped they end, whether or not the server answers. */
async function unlessStopped(work: Promise<void>): Promise<void> {
  const stopped = once(run.signal, 'abort').then(() => sleep(GRACE_MS))
  await Promise.race([work, stopped])
  run.signal.throwIfAborted()
}

async function reportFailure(error: unknown): Promise<number> {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n`)
    return EXIT_USAGE
  }
  if (error instanceof OutputClosedError) return EXIT_FAILED
  try {
    run.output.write(errorTrace(ConnectorError.from(error), Date.now()))
    await run.output.flush()
  } catch (outputError) {
    // When nobody reads any more, the exit code alone says it.
    if (!(outputError instanceof OutputClosedError)) {
      process.stderr.write(`${String(outputError)}\n`)
    }
  }
  return EXIT_FAILED
}
