import { isValues, type Values } from './values.ts'

/** Other name → canonical name; a dot leads into an object. The canonical name wins over the other. */
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
  /** One sentence for each parameter that was given under both of its names; without the values. */
  readonly warnings: readonly string[]
  /** Canonical name → the other name, where that was the one that counted. */
  readonly writtenAs: ReadonlyMap<string, string>
}

/** `values` with every other name of `ALIASES` replaced by the canonical one. */
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

/** Whether `values` have the parameter; a dot leads into an object. */
export function hasParameter(values: Values, name: string): boolean {
  const [outer, inner] = splitName(name)
  if (!Object.hasOwn(values, outer)) return false
  const value = values[outer]
  return inner === null || !isValues(value) || Object.hasOwn(value, inner)
}

/** `values` with the parameter set; a dot leads into an object. */
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
