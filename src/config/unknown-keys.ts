import { type ParameterSchema, parametersOf } from './schema.ts'
import { isValues, type Values } from './values.ts'

/**
 * Returns the keys of `values` that `schema` does not contain, such as `ssl_mode.cert`, in their
 * order.
 */
export function unknownKeys(values: Values, schema: ParameterSchema): string[] {
  const known = new Map([schema, ...(schema.oneOf ?? [])].flatMap(parametersOf))
  return Object.entries(values).flatMap(([key, value]) => {
    const parameter = known.get(key)
    if (parameter === undefined) return [key]
    if (parameter.type !== 'object' || !isValues(value)) return []
    return unknownKeys(value, parameter).map((inner) => `${key}.${inner}`)
  })
}
