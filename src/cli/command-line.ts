import { parseArgs } from 'node:util'
import { COMMANDS } from './options.ts'
import type { Parsed } from './yargs-parser.ts'

/** A parsed command line. Files are the paths as given. */
export type CommandLine =
  | { readonly command: 'spec' }
  | { readonly command: 'check'; readonly config: string; readonly expandEnv: boolean }
  | {
      readonly command: 'discover'
      readonly config: string
      readonly expandEnv: boolean
      /** Print a human-readable table instead of the catalog. */
      readonly table: boolean
      /** Add the Arrow schema of each stream. */
      readonly arrowSchema: boolean
      readonly arrowExact: boolean
    }
  | {
      readonly command: 'read'
      readonly config: string
      readonly catalog: string | null
      readonly state: string | null
      /** File to which the latest states are saved; may be the same file as `state`. */
      readonly stateOut: string | null
      /** `name` or `namespace.name` of the streams to read; empty: all selected streams. */
      readonly streams: readonly string[]
      readonly format: 'json' | 'arrow'
      /** Directory of the Arrow files; null: an Arrow stream to stdout. */
      readonly output: string | null
      readonly arrowExact: boolean
      /** Number of processes that read a large table; null: not given. */
      readonly processes: number | null
      readonly expandEnv: boolean
      /** A shard or a file of shards; null: whole streams are read. */
      readonly shard: string | null
      /** Index of the line in the file; null: the file has one line. */
      readonly shardIndex: number | null
    }
  | {
      readonly command: 'shards'
      readonly config: string
      readonly expandEnv: boolean
      readonly stream: string
      readonly count: number
      /** Null: no timeout. */
      readonly idleTimeoutSeconds: number | null
    }
  /** `--help`, `--version` or `completion`: print `text`. */
  | { readonly command: 'help'; readonly text: string }

/** The command line is invalid; `message` is the reason. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const PROGRAM = 'source-postgres'
/** Names of the commands in the image of the official connector. */
const COMMAND_OPTIONS: ReadonlySet<string> = new Set(['--spec', '--check', '--discover', '--read'])
/** Option that the completion script of yargs passes. */
const COMPLETION_REQUEST = '--get-yargs-completions'

const OPTIONS = [...COMMANDS.values()].flatMap(({ options }) => Object.entries(options))
const SWITCHES = namesOf(([, { type }]) => type === 'boolean')
const REPEATABLE = namesOf(([, { isRepeatable }]) => isRepeatable === true)

type ReadLine = Extract<CommandLine, { command: 'read' }>
type Arguments = Pick<Parsed, 'command' | 'values'>

/**
 * Parses `argv`, the arguments after the program's name. Prints nothing and never exits.
 * @throws UsageError for an unknown, repeated or missing command, option or value.
 */
export async function parseCommandLine(argv: readonly string[]): Promise<CommandLine> {
  const [first = '', ...rest] = argv
  const words = COMMAND_OPTIONS.has(first) ? [first.slice(2), ...rest] : argv
  const mistake = words.includes(COMPLETION_REQUEST) ? null : findMistake(words)
  if (mistake !== null) throw usageError(mistake)
  const valid = parseValid(words)
  if (valid !== null) return toCommandLine(valid)
  // yargs prints the help and explains errors. Loading it takes a third of the time of `spec`
  const { parseWithYargs } = await import('./yargs-parser.ts')
  const { problem, text, ...parsed } = parseWithYargs(words)
  if (problem !== null) throw usageError(problem)
  return text === '' ? toCommandLine(parsed) : { command: 'help', text }
}

function namesOf(isWanted: (entry: (typeof OPTIONS)[number]) => boolean): ReadonlySet<string> {
  return new Set(OPTIONS.filter(isWanted).map(([name]) => `--${name}`))
}

/**
 * Finds a mistake that yargs accepts: it uses the last of two flags, and any text as the value of a
 * flag.
 */
function findMistake(words: readonly string[]): string | null {
  const options = words.filter((word) => word.startsWith('-')).map((word) => word.split('=')[0]!)
  const repeated = options.find(
    (option, index) => !REPEATABLE.has(option) && options.indexOf(option) !== index,
  )
  if (repeated !== undefined) return `Option ${repeated} is given more than once`
  if (options.includes('--')) return 'Unexpected arguments after --'
  const valued = words.find((word) => word.includes('=') && SWITCHES.has(word.split('=')[0]!))
  if (valued !== undefined) return `${valued.split('=')[0]} takes no value`
  return words.some((word) => /^(--[^=]+=)?$/.test(word)) ? 'A name is empty' : null
}

/** Parses a command followed by valid options; null: anything else, which yargs explains. */
function parseValid([command = '', ...args]: readonly string[]): Arguments | null {
  const options = COMMANDS.get(command)?.options
  if (options === undefined) return null
  const entries = Object.entries(options)
  const accepted = entries.map(([name, { type, isRepeatable: multiple = false }]) => [
    name,
    { type, multiple },
  ])
  try {
    const { values }: Pick<Arguments, 'values'> = parseArgs({
      args,
      options: Object.fromEntries(accepted),
    })
    const isValid = entries.every(([name, { isRequired, choices }]) => {
      const value = values[name]
      return value === undefined
        ? isRequired !== true
        : choices?.some((choice) => choice === value) !== false
    })
    return isValid ? { command, values } : null
  } catch {
    return null
  }
}

/** Converts the command and option values. @throws UsageError if options exclude each other. */
export function toCommandLine(parsed: Arguments): CommandLine {
  const line = commandLineOf(parsed)
  const conflict = findConflict(line)
  if (conflict !== null) throw usageError(conflict)
  return line
}

function commandLineOf({ command, values }: Arguments): CommandLine {
  const config = String(values['config'])
  const expandEnv = values['expand-env'] === true
  if (command === 'spec') return { command }
  if (command === 'check') return { command, config, expandEnv }
  const arrowExact = values['arrow-exact'] === true
  if (command === 'discover') {
    const [table, arrowSchema] = [values['table'] === true, values['arrow-schema'] === true]
    return { command, config, expandEnv, table, arrowSchema, arrowExact }
  }
  if (command === 'shards') return { command, config, expandEnv, ...shardsOptions(values) }
  if (command !== 'read') throw usageError(`Unknown command: ${command}`)
  return {
    command,
    config,
    catalog: fileOrNull(values['catalog']),
    state: fileOrNull(values['state']),
    stateOut: fileOrNull(values['state-out']),
    streams: [values['stream'] ?? []].flat().map(String),
    format: values['format'] === 'arrow' ? 'arrow' : 'json',
    output: fileOrNull(values['output']),
    arrowExact,
    processes: integerOrNull(values, 'processes', 1),
    expandEnv,
    shard: fileOrNull(values['shard']),
    shardIndex: integerOrNull(values, 'shard-index', 0),
  }
}

function shardsOptions(values: Arguments['values']) {
  return {
    stream: String(values['stream']),
    count: integerOrNull(values, 'count', 1) ?? 1,
    idleTimeoutSeconds: integerOrNull(values, 'idle-timeout', 1),
  }
}

function integerOrNull(values: Arguments['values'], name: string, min: number): number | null {
  const text = values[name]
  if (typeof text !== 'string') return null
  if (/^\d{1,6}$/.test(text) && Number(text) >= min) return Number(text)
  throw usageError(`--${name} is not an integer from ${min} to 999999`)
}

/** Finds options that have no effect without another one. */
function findConflict(line: CommandLine): string | null {
  if (line.command === 'discover') {
    if (line.arrowExact && !line.arrowSchema) return '--arrow-exact is for --arrow-schema'
    return line.table && line.arrowSchema ? '--arrow-schema is not for --table' : null
  }
  if (line.command !== 'read') return null
  return findShardConflict(line) ?? findArrowConflict(line)
}

function findShardConflict({ shard, shardIndex, ...line }: ReadLine): string | null {
  if (shard === null) return shardIndex === null ? null : '--shard-index is for --shard'
  const { state, stateOut, streams, processes } = line
  if (processes !== null) return 'A shard is read by one process: --processes is not for --shard'
  if (state !== null || stateOut !== null) return 'A shard has no state: --state is not for --shard'
  return streams.length === 0 ? null : '--stream is not for --shard, which names its stream'
}

function findArrowConflict(line: ReadLine): string | null {
  if (line.processes !== null && (line.format !== 'arrow' || line.output === null)) {
    return '--processes is for --format arrow with --output'
  }
  if (line.format === 'arrow') return null
  if (line.arrowExact) return '--arrow-exact is for --format arrow'
  return line.output === null ? null : '--output is for --format arrow'
}

function fileOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function usageError(message: string): UsageError {
  return new UsageError(`${message}. Run ${PROGRAM} --help for the commands and their options.`)
}
