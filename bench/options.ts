import { parseArgs } from 'node:util'

interface Option {
  readonly default: string | boolean
  readonly describe: string
}

type Values<Options extends Readonly<Record<string, Option>>> = {
  readonly [Name in keyof Options]: Options[Name]['default'] extends boolean ? boolean : string
}

/**
 * Parses the options of a benchmark: `--name value`, `--name` or `--no-name`. Ends the process for
 * `--help` and for an unknown option.
 */
export function parseOptions<const Options extends Readonly<Record<string, Option>>>(
  title: string,
  options: Options,
): Values<Options> {
  const types = Object.entries(options).map(([name, { default: value }]) => {
    return [name, { type: typeof value === 'boolean' ? 'boolean' : 'string' }] as const
  })
  const help = { help: { type: 'boolean' } } as const
  try {
    const { values } = parseArgs({
      options: { ...Object.fromEntries(types), ...help },
      allowNegative: true,
    })
    if (values.help === true) end(helpText(title, options), 0)
    const defaults = Object.entries(options).map(([name, option]) => [name, option.default])
    const parsed: Values<Options> = Object.assign(Object.fromEntries(defaults), values)
    return parsed
  } catch (error) {
    return end(`${error instanceof Error ? error.message : String(error)}. See --help.`, 2)
  }
}

function helpText(title: string, options: Readonly<Record<string, Option>>): string {
  const rows = Object.entries(options).map(([name, option]) => {
    const { describe, default: value } = option
    if (typeof value === 'boolean') return [`--${value ? 'no-' : ''}${name}`, describe] as const
    const shown = value === '' ? '' : ` (default: ${value})`
    return [`--${name} <value>`, `${describe}${shown}`] as const
  })
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return [title, '', ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)].join('\n')
}

function end(text: string, code: number): never {
  const stream = code === 0 ? process.stdout : process.stderr
  stream.write(`${text}\n`)
  process.exit(code)
}

/**
 * Parses the value of an option; underscores may group its digits.
 * @throws Error if it is not a positive integer.
 */
export function positiveInteger(name: string, text: string): number {
  const value = Number(text.replaceAll('_', ''))
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`--${name} must be a positive whole number, not '${text}'`)
}
