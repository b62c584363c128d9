import { parseArgs } from 'node:util'
import { similarName } from '../similar-names.ts'
import { COMMANDS, type Option } from './options.ts'

/** True: the option has no value. */
type Value = string | true

/** A command and the values of its options. */
export interface Arguments {
  readonly command: string
  readonly values: Readonly<Record<string, Value | readonly Value[]>>
}

/** The command line is invalid; `message` is the reason. */
export class UsageError extends Error {
  override readonly name = 'UsageError'

  constructor(problem: string, command: string | null = null) {
    const help = `source-postgres ${command === null ? '' : `${command} `}--help`
    super(`${problem}. Run ${help} for the ${command === null ? 'commands' : 'options'}.`)
  }
}

type Options = Readonly<Record<string, Option>>
type Token = ReturnType<typeof tokensOf>[number]
type OptionToken = Extract<Token, { kind: 'option' }>

const ALL_OPTIONS: Options = Object.assign({}, ...[...COMMANDS.values()].map((c) => c.options))

/**
 * Parses a command and its options, in any order.
 * @throws UsageError for an unknown, repeated or missing command, option or value.
 */
export function parseWords(words: readonly string[]): Arguments {
  const tokens = tokensOf(words)
  const [command, ...others] = tokens.flatMap((token) =>
    token.kind === 'positional' ? [token.value] : [],
  )
  if (command === undefined) throw new UsageError('A command is required')
  const options = COMMANDS.get(command)?.options
  if (options === undefined)
    throw new UsageError(`Unknown command: ${command}${hintOf(command, COMMANDS.keys())}`)
  const fail = (problem: string): never => {
    throw new UsageError(problem, command)
  }
  if (tokens.some(({ kind }) => kind === 'option-terminator')) fail('Unexpected arguments after --')
  const values: Record<string, Value | Value[]> = {}
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const value = valueOf(token, options, fail)
    const earlier = values[token.name]
    if (options[token.name]?.isRepeatable === true)
      values[token.name] = [earlier ?? [], value].flat()
    else if (earlier === undefined) values[token.name] = value
    else fail(`Option ${token.rawName} is given more than once`)
  }
  if (others.length > 0) fail(`Unexpected argument: ${others[0] === '' ? "''" : others[0]}`)
  const missing = Object.keys(options).find(
    (name) => options[name]!.isRequired === true && values[name] === undefined,
  )
  if (missing !== undefined) fail(`Option --${missing} is required`)
  return { command, values }
}

/** The name that a misspelt one most likely means, as the end of a sentence. */
function hintOf(word: string, known: Iterable<string>): string {
  const similar = similarName(word, known)
  return similar === null ? '' : ` (did you mean ${similar}?)`
}

function tokensOf(words: readonly string[]) {
  const types = Object.entries(ALL_OPTIONS).map(([name, { value }]) => {
    return [name, { type: value === undefined ? 'boolean' : 'string' }] as const
  })
  const options = Object.fromEntries(types)
  const args = [...words]
  return parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true }).tokens
}

function valueOf(
  { name, rawName, value, inlineValue }: OptionToken,
  options: Options,
  fail: (problem: string) => never,
): Value {
  const option = options[name]
  if (option === undefined || !rawName.startsWith('--')) {
    const known = Object.keys(options).map((each) => `--${each}`)
    return fail(`Unknown option: ${rawName}${hintOf(rawName, known)}`)
  }
  if (option.value === undefined)
    return value === undefined ? true : fail(`Option ${rawName} takes no value`)
  const isNext = inlineValue !== true && value !== '-' && value?.startsWith('-') === true
  if (value === undefined || value === '' || isNext) return fail(`Option ${rawName} needs a value`)
  if (option.choices?.includes(value) === false) {
    return fail(`Option ${rawName} is not ${option.choices.join(' or ')}`)
  }
  return value
}
