import { similarName } from '../similar-names.ts'
import { ALIASES } from './aliases.ts'
import { CONFIG_SCHEMA, type ParameterSchema, parametersOf } from './schema.ts'
import { isValues, type Values } from './values.ts'

/** Warnings of the keys of a config that are no parameters, such as `ssl_mode.cert`. */
export function unknownKeys(values: Values): readonly string[] {
  return findUnknown(values, CONFIG_SCHEMA, Object.keys(ALIASES))
}

/** @param aliases names beside those of `schema` that a key can mean. */
function findUnknown(
  values: Values,
  schema: ParameterSchema,
  aliases: readonly string[],
  prefix = '',
): readonly string[] {
  const known = new Map([schema, ...(schema.oneOf ?? [])].flatMap(parametersOf))
  return Object.entries(values).flatMap(([key, value]) => {
    const parameter = known.get(key)
    if (parameter === undefined) {
      const similar = similarName(key, [...known.keys(), ...aliases])
      const hint = similar === null ? '' : ` Did you mean '${prefix}${similar}'?`
      return [`Parameter '${prefix}${key}' is unknown and is ignored.${hint}`]
    }
    if (parameter.type !== 'object' || !isValues(value)) return []
    return findUnknown(value, parameter, [], `${prefix}${key}.`)
  })
}
