import { isValues, type Values } from './values.ts'

/**
 * Alias → canonical name; a dot separates the levels of objects. The canonical name takes
 * precedence.
 */
export const ALIASES: Readonly<Record<string, string>> = {
  dbname: 'database',
  user: 'username',
  schema: 'schemas',
  max_db_connections: 'max_connections',
  sslmode: 'ssl_mode.mode',
  sslrootcert: 'ssl_mode.ca_certificate',
  sslcert: 'ssl_mode.client_certificate',
  sslkey: 'ssl_mode.client_key',
  sslpassword: 'ssl_mode.client_key_password',
}

/** Values under their canonical names only. */
export interface CanonicalValues {
  readonly values: Values
  /** One sentence for each parameter that was given under both names, without the values. */
  readonly warnings: readonly string[]
  /** Canonical name → the alias that the config uses for it. */
  readonly writtenAs: ReadonlyMap<string, string>
}

/** Replaces every alias in `values` by the canonical name. */
export function resolveAliases(values: Values): CanonicalValues {
  const warnings: string[] = []
  const writtenAs = new Map<string, string>()
  let result = values
  for (const [alias, canonical] of Object.entries(ALIASES)) {
    if (!Object.hasOwn(result, alias)) continue
    const { [alias]: value, ...rest } = result
    if (hasParameter(rest, canonical)) {
      warnings.push(`'${canonical}' and '${alias}' are both given: '${alias}' is ignored.`)
      result = rest
    } else {
      writtenAs.set(canonical, alias)
      result = withParameter(rest, canonical, value)
    }
  }
  return { values: result, warnings, writtenAs }
}

/** Whether `values` contain the parameter; a dot separates the levels of objects. */
export function hasParameter(values: Values, name: string): boolean {
  const [outer, inner] = splitName(name)
  if (!Object.hasOwn(values, outer)) return false
  const value = values[outer]
  return inner === null || !isValues(value) || Object.hasOwn(value, inner)
}

/** Returns `values` with the parameter set; a dot separates the levels of objects. */
export function withParameter(values: Values, name: string, value: unknown): Values {
  const [outer, inner] = splitName(name)
  if (inner === null) return { ...values, [outer]: value }
  const object = values[outer]
  return { ...values, [outer]: { ...(isValues(object) ? object : {}), [inner]: value } }
}

function splitName(name: string): readonly [outer: string, inner: string | null] {
  const [outer = name, inner] = name.split('.')
  return [outer, inner ?? null]
}
