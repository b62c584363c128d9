import yargs, { type Argv, type Options } from 'yargs'
import manifest from '../../package.json' with { type: 'json' }
import { COMMANDS, type Option } from './options.ts'

const PROGRAM = 'source-postgres'

/** The command and its options by name, the text of a help, or an error in the command line. */
export interface Parsed {
  readonly command: string
  readonly values: Readonly<Record<string, unknown>>
  readonly problem: string | null
  readonly text: string
}

/** Parses with yargs, which also handles --help, --version and completion. Prints nothing and never exits. */
export function parseWithYargs(words: readonly string[]): Parsed {
  let problem: string | null = null
  let text = ''
  const values = buildParser().parseSync([...words], {}, (error, _args, output) => {
    problem = error?.message ?? null
    text = output
  })
  return { command: String(values._[0]), values, problem, text }
}

function buildParser(): Argv {
  const parser = yargs([])
    .scriptName(PROGRAM)
    .usage(
      '$0 <command> [options]\n\nPostgreSQL source connector that speaks the Airbyte protocol.',
    )
  for (const [name, { describe, options }] of COMMANDS) {
    parser.command(name, describe, (command) => command.options(yargsOptions(options)))
  }
  return parser
    .example('$0 check --config config.json', 'Validate the config')
    .example('$0 discover --config config.json > catalog.json', 'Save the catalog')
    .example('$0 discover --config config.json --table', 'Print the streams as a table')
    .example('$0 read --config config.json > records.jsonl', 'Read the streams of the config')
    .example('$0 read --config config.json --stream public.orders', 'Read one stream')
    .example(
      '$0 read --config config.json --state state.json --state-out state.json',
      'Read incrementally, and keep the states in a file',
    )
    .example('$0 read --config config.json --format arrow --output data', 'Write Arrow files')
    .example('$0 completion >> ~/.bashrc', 'Complete commands and options with the tab key')
    .completion('completion', 'Print the completion script of bash or zsh')
    .demandCommand(1, 1, 'A command is required')
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

function yargsOptions(options: Readonly<Record<string, Option>>): Record<string, Options> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, yargsOption(option)]),
  )
}

function yargsOption(option: Option): Options {
  const { type, describe, isRequired = false, isRepeatable = false, choices } = option
  return {
    type,
    describe,
    demandOption: isRequired,
    ...(type === 'string' && { requiresArg: true }),
    ...(isRepeatable && { array: true, nargs: 1 }),
    ...(choices !== undefined && { choices, default: choices[0] }),
  }
}
