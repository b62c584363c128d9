import { type ParameterSchema, parametersOf } from './schema.ts'
import type { Values } from './values.ts'

/**
 * `values` with every absent parameter that has a `default` in `schema` set to it. The table of
 * defaults is spec.json itself, so that the form and the connector cannot disagree.
 */
export function withDefaults(values: Values, schema: ParameterSchema): Values {
  const defaults = parametersOf(schema)
    .filter(([, parameter]) => parameter.default !== undefined)
    .map(([name, parameter]) => [name, parameter.default] as const)
  return { ...Object.fromEntries(defaults), ...values }
}
