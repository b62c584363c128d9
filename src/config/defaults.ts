import { type ParameterSchema, parametersOf } from './schema.ts'
import type { Values } from './values.ts'

/**
 * Sets every absent parameter that has a `default` in `schema`. spec.json is the only table of
 * defaults, so the form and the connector cannot differ.
 */
export function withDefaults(values: Values, schema: ParameterSchema): Values {
  const defaults = parametersOf(schema)
    .filter(([, parameter]) => parameter.default !== undefined)
    .map(([name, parameter]) => [name, parameter.default] as const)
  return { ...Object.fromEntries(defaults), ...values }
}
