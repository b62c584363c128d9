import yargs, { type Argv } from 'yargs'
import { COMMANDS, COMPLETION, type Option } from './options.ts'

/**
 * Returns the completion script of a shell, or the reply to a request of this script. Prints
 * nothing and never exits.
 */
export function completionText(words: readonly string[]): string {
  let text = ''
  buildParser().parseSync([...words], {}, (_error, _args, output) => {
    text = output
  })
  return text
}

function buildParser(): Argv {
  const parser = yargs([]).scriptName('source-postgres')
  for (const [name, { describe, options }] of COMMANDS) {
    parser.command(name, describe, (command) => {
      for (const [option, description] of Object.entries(options))
        declare(command, option, description)
      return command
    })
  }
  return parser.completion('completion', COMPLETION).help().locale('en').exitProcess(false)
}

function declare(parser: Argv, name: string, { value, choices }: Option): void {
  const type = value === undefined ? 'boolean' : 'string'
  parser.option(name, choices === undefined ? { type } : { type, choices })
}
