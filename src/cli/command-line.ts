import { COMMANDS } from './options.ts'
import { type Arguments, parseWords, UsageError } from './parse-words.ts'

/** A parsed command line. Files are the paths as given. */
export type CommandLine =
  | { readonly command: 'spec' }
  | { readonly command: 'check'; readonly config: string; readonly expandEnv: boolean }
  | {
      readonly command: 'discover'
      readonly config: string
      readonly expandEnv: boolean
      /** `name` or `namespace.name` of the streams; empty: all. */
      readonly streams: readonly string[]
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
      /** A shard, a file of shards, or `STANDARD_INPUT`; null: whole streams are read. */
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
      /** Add the Arrow schema of the stream. */
      readonly arrowSchema: boolean
      readonly arrowExact: boolean
      /** Null: no timeout. */
      readonly idleTimeoutSeconds: number | null
    }
  /** `--help`, `--version` or `completion`: print `text`. */
  | { readonly command: 'help'; readonly text: string }

/** Names of the commands in the image of the official connector. */
const COMMAND_OPTIONS: ReadonlySet<string> = new Set(['--spec', '--check', '--discover', '--read'])
/** Option that the completion script of yargs passes. */
const COMPLETION_REQUEST = '--get-yargs-completions'
const HELP: ReadonlySet<string> = new Set(['help', '--help', '-h'])

/** Value of `--shard` for shards that are read from standard input. */
export const STANDARD_INPUT = '-'

type ReadLine = Extract<CommandLine, { command: 'read' }>

/**
 * Parses `argv`, the arguments after the program's name. Prints nothing and never exits.
 * @throws UsageError for an unknown, repeated or missing command, option or value, and for options
 * that exclude each other.
 */
export async function parseCommandLine(argv: readonly string[]): Promise<CommandLine> {
  const [first = '', ...rest] = argv
  const words = COMMAND_OPTIONS.has(first) ? [first.slice(2), ...rest] : argv
  const text = await informationText(words)
  if (text !== null) return { command: 'help', text }
  const line = commandLineOf(parseWords(words))
  const conflict = findConflict(line)
  if (conflict !== null) throw new UsageError(conflict, line.command)
  return line
}

/** Text of the help, the version or the completion; null: another command is given. */
async function informationText(words: readonly string[]): Promise<string | null> {
  const [first = ''] = words
  if (first === 'completion' || words.includes(COMPLETION_REQUEST)) {
    return (await import('./completion.ts')).completionText(words)
  }
  if (HELP.has(first) || words.includes('--help') || words.includes('-h')) {
    const { helpText } = await import('./help.ts')
    return helpText(words.find((word) => COMMANDS.has(word)) ?? null)
  }
  return first === '--version' ? (await import('./help.ts')).VERSION : null
}

function commandLineOf(parsed: Arguments): CommandLine {
  const { command, values } = parsed
  const config = String(values['config'])
  const expandEnv = values['expand-env'] === true
  if (command === 'spec') return { command }
  if (command === 'check') return { command, config, expandEnv }
  const arrowExact = values['arrow-exact'] === true
  const arrowSchema = values['arrow-schema'] === true
  const streams = [values['stream'] ?? []].flat().map(String)
  if (command === 'discover') {
    const table = values['table'] === true
    return { command, config, expandEnv, streams, table, arrowSchema, arrowExact }
  }
  if (command === 'shards') {
    return { command, config, expandEnv, arrowSchema, arrowExact, ...shardsOptions(parsed) }
  }
  if (command !== 'read') throw new Error(`no case for the command ${command}`)
  return {
    command,
    config,
    catalog: fileOrNull(values['catalog']),
    state: fileOrNull(values['state']),
    stateOut: fileOrNull(values['state-out']),
    streams,
    format: values['format'] === 'arrow' ? 'arrow' : 'json',
    output: fileOrNull(values['output']),
    arrowExact,
    processes: integerOrNull(parsed, 'processes', 1),
    expandEnv,
    shard: fileOrNull(values['shard']),
    shardIndex: integerOrNull(parsed, 'shard-index', 0),
  }
}

function shardsOptions(parsed: Arguments) {
  return {
    stream: String(parsed.values['stream']),
    count: integerOrNull(parsed, 'count', 1) ?? 1,
    idleTimeoutSeconds: integerOrNull(parsed, 'idle-timeout', 1),
  }
}

function integerOrNull({ command, values }: Arguments, name: string, min: number): number | null {
  const text = values[name]
  if (typeof text !== 'string') return null
  if (/^\d{1,6}$/.test(text) && Number(text) >= min) return Number(text)
  throw new UsageError(`Option --${name} is not an integer from ${min} to 999999`, command)
}

/** Finds options that have no effect without another one. */
function findConflict(line: CommandLine): string | null {
  if (line.command === 'discover' || line.command === 'shards') {
    if (line.arrowExact && !line.arrowSchema) return '--arrow-exact needs --arrow-schema'
  }
  if (line.command === 'discover') {
    return line.table && line.arrowSchema ? '--table and --arrow-schema exclude each other' : null
  }
  if (line.command !== 'read') return null
  return findShardConflict(line) ?? findArrowConflict(line)
}

function findShardConflict({ shard, shardIndex, ...line }: ReadLine): string | null {
  if (shard === null) return shardIndex === null ? null : '--shard-index needs --shard'
  const { state, stateOut, streams, processes, output } = line
  if (shard === STANDARD_INPUT) {
    if (shardIndex !== null) return '--shard-index needs a file of shards'
    if (output !== null) return '--shard - and --output exclude each other: give --shard a shard'
  }
  if (processes !== null) return '--shard and --processes exclude each other'
  if (state !== null || stateOut !== null)
    return '--shard and --state exclude each other: a shard has no state'
  return streams.length === 0
    ? null
    : '--shard and --stream exclude each other: the shard names its stream'
}

function findArrowConflict(line: ReadLine): string | null {
  if (line.processes !== null && (line.format !== 'arrow' || line.output === null)) {
    return '--processes needs --format arrow and --output'
  }
  if (line.format === 'arrow') return null
  if (line.arrowExact) return '--arrow-exact needs --format arrow'
  return line.output === null ? null : '--output needs --format arrow'
}

function fileOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
