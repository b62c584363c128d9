import manifest from '../../package.json' with { type: 'json' }
import { COMMANDS, COMPLETION, type Option } from './options.ts'

/** The version of the connector. */
export const VERSION = manifest.version

const EXAMPLES = [
  ['Validate the config', 'check --config config.json'],
  ['Print the streams as a table', 'discover --config config.json --table'],
  ['Save the catalog', 'discover --config config.json > catalog.json'],
  ['Read one stream', 'read --config config.json --stream orders > orders.jsonl'],
  [
    'Read what has changed since the last read',
    'read --config config.json \\\n      --state state.json --state-out state.json >> changes.jsonl',
  ],
  ['Write Arrow files', 'read --config config.json --format arrow --output data'],
  ['Complete commands and options with the Tab key', 'completion >> ~/.bashrc'],
] as const

const COLUMNS = 80

/** The help of a command, or of the program if there is no such command. At most 80 columns wide. */
export function helpText(name: string | null): string {
  const command = COMMANDS.get(name ?? '')
  if (command === undefined) return programHelp()
  const required = Object.entries(command.options).filter(([, { isRequired }]) => isRequired)
  const options = Object.entries(command.options)
  const usage = [
    `source-postgres ${name}`,
    ...required.map(optionName),
    ...(options.length > required.length ? ['[options]'] : []),
  ]
  const rows = options.map((option) => [optionName(option), option[1].describe] as const)
  return sections(
    command.describe,
    `Usage: ${usage.join(' ')}`,
    rows.length === 0 ? '' : `Options:\n${table(rows)}`,
  )
}

function programHelp(): string {
  const commands = [...COMMANDS].map(([name, { describe }]) => [name, describe] as const)
  const examples = EXAMPLES.map(([what, line]) => `  ${what}\n    source-postgres ${line}`)
  return sections(
    'PostgreSQL source connector for the Airbyte protocol.',
    'Usage: source-postgres <command> [options]',
    `Commands:\n${table([...commands, ['completion', COMPLETION]])}`,
    `Options:\n${table([
      ['-h, --help', 'Print this help, or after a command, its help'],
      ['--version', 'Print the version'],
    ])}`,
    `Examples:\n${examples.join('\n')}`,
    'Run source-postgres <command> --help for the options of a command.',
  )
}

function optionName([name, { value }]: readonly [string, Option]): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  const indent = ' '.repeat(width + 4)
  return rows
    .map(([name, describe]) => {
      const lines = wrapped(describe, COLUMNS - indent.length)
      return `  ${name.padEnd(width)}  ${lines.join(`\n${indent}`)}`
    })
    .join('\n')
}

/** Lines of at most `width` characters, divided at spaces. A longer word has a line of its own. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = `${lines.at(-1)} ${word}`
    if (lines.length > 0 && line.length <= width) lines[lines.length - 1] = line
    else lines.push(word)
  }
  return lines
}

function sections(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n')
}
