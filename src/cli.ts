import yargs, { type Argv } from 'yargs'
import manifest from '../package.json' with { type: 'json' }

/** What the command line asks for. Files are paths as given. */
export type CommandLine =
  | { readonly command: 'spec' }
  | { readonly command: 'check'; readonly config: string; readonly expandEnv: boolean }
  | {
      readonly command: 'discover'
      readonly config: string
      readonly expandEnv: boolean
      /** A table for a person instead of the catalog. */
      readonly table: boolean
      /** With the Arrow schema of each stream. */
      readonly arrowSchema: boolean
      readonly arrowExact: boolean
    }
  | {
      readonly command: 'read'
      readonly config: string
      readonly catalog: string | null
      readonly state: string | null
      /** Where the states are kept up to date; may be the same file as `state`. */
      readonly stateOut: string | null
      /** `name` or `namespace.name` of the streams to read; none: all that are selected otherwise. */
      readonly streams: readonly string[]
      readonly format: 'json' | 'arrow'
      /** The directory of Arrow files; null: an Arrow stream to stdout. */
      readonly output: string | null
      readonly arrowExact: boolean
      readonly expandEnv: boolean
    }
  /** `--help`, `--version` or the script of `completion`: `text` is to be shown. */
  | { readonly command: 'help'; readonly text: string }

/** A command line that means nothing. `message` says why, for the one who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const NAME = 'source-postgres'
const ARROW_EXACT = {
  type: 'boolean',
  describe: 'Arrow types that lose nothing: decimals, int16, int32, microseconds, binary uuids',
} as const

/** How the official connector spells the commands inside its image. */
const COMMAND_OPTIONS: ReadonlySet<string> = new Set(['--spec', '--check', '--discover', '--read'])
const SWITCHES = ['--expand-env', '--table', '--arrow-schema', '--arrow-exact'] as const
const REPEATABLE = '--stream'
/** How the completion script of yargs asks what may come next. */
const COMPLETION_REQUEST = '--get-yargs-completions'

/**
 * The meaning of `argv`, the arguments after the program's name. Prints nothing and never exits.
 * @throws UsageError for an unknown, repeated or missing command, option or value.
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const [first = '', ...rest] = argv
  const words = COMMAND_OPTIONS.has(first) ? [first.slice(2), ...rest] : [...argv]
  const mistake = words.includes(COMPLETION_REQUEST) ? null : findMistake(words)
  if (mistake !== null) throw usageError(mistake)
  const { args, output } = runParser(words)
  if (output !== '') return { command: 'help', text: output }
  const line = toCommandLine(args)
  const conflict = findConflict(line)
  if (conflict !== null) throw usageError(conflict)
  return line
}

type Arguments = ReturnType<Argv['parseSync']>

/** What yargs would let pass: it takes the last of two flags, and any text for a flag's value. */
function findMistake(words: readonly string[]): string | null {
  const options = words.filter((word) => word.startsWith('-')).map((word) => word.split('=')[0])
  const repeated = options.find(
    (option, index) => option !== REPEATABLE && options.indexOf(option) !== index,
  )
  if (repeated !== undefined) return `Option ${repeated} is given more than once`
  if (options.includes('--')) return 'There is nothing to say after --'
  const valued = SWITCHES.find((option) => words.some((word) => word.startsWith(`${option}=`)))
  if (valued !== undefined) return `${valued} takes no value`
  return words.some((word) => /^(--[^=]+=)?$/.test(word)) ? 'A name is empty' : null
}

/** Options that mean nothing without another one. */
function findConflict(line: CommandLine): string | null {
  if (line.command === 'discover') {
    if (line.arrowExact && !line.arrowSchema) return '--arrow-exact is for --arrow-schema'
    return line.table && line.arrowSchema ? '--arrow-schema is not for --table' : null
  }
  if (line.command !== 'read' || line.format === 'arrow') return null
  if (line.arrowExact) return '--arrow-exact is for --format arrow'
  return line.output === null ? null : '--output is for --format arrow'
}

function runParser(words: string[]): { args: Arguments; output: string } {
  let problem: string | null = null
  let output = ''
  const args = buildParser().parseSync(words, {}, (error, _args, text) => {
    problem = error?.message ?? null
    output = text
  })
  if (problem !== null) throw usageError(problem)
  return { args, output }
}

function buildParser(): Argv {
  return yargs([])
    .scriptName(NAME)
    .usage('$0 <command> [options]\n\nReads a PostgreSQL database in the Airbyte protocol.')
    .command('spec', 'Print what a config may hold', (parser) => parser)
    .command(
      'check',
      'Check that the config works, and say everything that does not',
      configOptions,
    )
    .command('discover', 'Print the catalog: the streams that can be read', discoverOptions)
    .command('read', 'Print the records and the states of the streams', readOptions)
    .example('$0 check --config config.json', 'Can we connect and read?')
    .example('$0 discover --config config.json > catalog.json', 'What is there to read?')
    .example('$0 discover --config config.json --table', 'The same for a person')
    .example('$0 read --config config.json > records.jsonl', 'Read what the config says')
    .example('$0 read --config config.json --stream public.orders', 'Read one stream')
    .example(
      '$0 read --config config.json --state state.json --state-out state.json',
      'Go on where the last read ended',
    )
    .example('$0 completion >> ~/.bashrc', 'Complete commands and options with the tab key')
    .completion('completion', 'Print a script that completes commands in bash or zsh')
    .demandCommand(1, 1, 'A command is needed')
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .strict()
    .version(manifest.version)
    .help()
    .locale('en')
    .wrap(100)
    .exitProcess(false)
    .showHelpOnFail(false)
}

function configOptions(parser: Argv): Argv {
  return parser
    .option('config', { ...fileOption('The config: a JSON file'), demandOption: true })
    .option('expand-env', {
      type: 'boolean',
      describe: 'Replace ${NAME} in the config by the environment variable NAME',
    })
}

function discoverOptions(parser: Argv): Argv {
  return configOptions(parser)
    .option('table', {
      type: 'boolean',
      describe: 'Print a table of the streams and their columns instead, for a person',
    })
    .option('arrow-schema', { type: 'boolean', describe: 'Add the Arrow schema of each stream' })
    .option('arrow-exact', ARROW_EXACT)
}

function readOptions(parser: Argv): Argv {
  return configOptions(parser)
    .option(
      'catalog',
      fileOption('The configured catalog; without it the config selects the stream'),
    )
    .option('state', fileOption('The states of an earlier read; without it everything is read'))
    .option(
      'state-out',
      fileOption('Where to keep the states; may be the file of --state, also before it exists'),
    )
    .option('stream', {
      type: 'string',
      array: true,
      nargs: 1,
      requiresArg: true,
      describe: 'Read only this stream, name or namespace.name; may be repeated',
    })
    .option('format', {
      choices: ['json', 'arrow'],
      default: 'json',
      requiresArg: true,
      describe: 'Records as JSON lines, or Arrow IPC',
    })
    .option('output', fileOption('Directory for the Arrow files; without it one stream to stdout'))
    .option('arrow-exact', ARROW_EXACT)
    .example('$0 read --config config.json > records.jsonl', 'Read what the config says')
    .example('$0 read --config config.json --format arrow --output data', 'Write Arrow files')
    .example(
      '$0 read --config config.json --catalog catalog.json --state state.json',
      'As an orchestrator does',
    )
}

function fileOption(describe: string) {
  return { type: 'string', requiresArg: true, describe } as const
}

function toCommandLine(args: Arguments): CommandLine {
  const [command] = args._
  const config = String(args['config'])
  const expandEnv = args['expand-env'] === true
  if (command === 'spec') return { command }
  if (command === 'check') return { command, config, expandEnv }
  const arrowExact = args['arrow-exact'] === true
  if (command === 'discover') {
    const [table, arrowSchema] = [args['table'] === true, args['arrow-schema'] === true]
    return { command, config, expandEnv, table, arrowSchema, arrowExact }
  }
  if (command !== 'read') throw usageError(`Unknown command: ${command}`)
  return {
    command,
    config,
    catalog: fileOrNull(args['catalog']),
    state: fileOrNull(args['state']),
    stateOut: fileOrNull(args['state-out']),
    streams: [args['stream'] ?? []].flat().map(String),
    format: args['format'] === 'arrow' ? 'arrow' : 'json',
    output: fileOrNull(args['output']),
    arrowExact,
    expandEnv,
  }
}

function fileOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function usageError(message: string): UsageError {
  return new UsageError(`${message}. Run ${NAME} --help for the commands and their options.`)
}
