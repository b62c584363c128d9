import { ConnectorError } from '../errors.ts'
import { isValues, type Values } from './values.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g
const ONLY_REFERENCE = new RegExp(`^${REFERENCE.source}$`)

/**
 * Replaces every `${NAME}` in the strings of `raw`, at any depth, by the variable of that name.
 * Keys are not changed, and neither is a `${…}` in the value of a variable.
 * @throws ConnectorError config_error with every variable that is not set, and where it is used.
 */
export function expandEnv(raw: unknown, env: Environment): unknown {
  const problems: string[] = []
  const expanded = expandAt('', raw, env, problems)
  if (problems.length > 0) throw new ConnectorError('config_error', problems.join('; '))
  return expanded
}

/** Names, in a message without their values, the parameters that are a reference as a whole. */
export function unexpanded(values: Values): readonly string[] {
  const names = Object.keys(values).filter((name) => isReference(values[name]))
  if (names.length === 0) return []
  const list = names.map((name) => `'${name}'`).join(', ')
  return [`\${NAME} is replaced only with --expand-env, and is the value of ${list}.`]
}

function isReference(value: unknown): boolean {
  return typeof value === 'string' && ONLY_REFERENCE.test(value)
}

function expandAt(path: string, value: unknown, env: Environment, problems: string[]): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(REFERENCE, (reference, name: string) => {
      const variable = Object.hasOwn(env, name) ? env[name] : undefined
      if (variable !== undefined) return variable
      problems.push(`Environment variable '${name}' is not set but used in '${path}'`)
      return reference
    })
  }
  const inside = (key: string | number) => (path === '' ? String(key) : `${path}.${key}`)
  if (Array.isArray(value)) {
    return value.map((item, index) => expandAt(inside(index), item, env, problems))
  }
  if (!isValues(value)) return value
  const entries = Object.entries(value)
  return Object.fromEntries(
    entries.map(([key, child]) => [key, expandAt(inside(key), child, env, problems)] as const),
  )
}
