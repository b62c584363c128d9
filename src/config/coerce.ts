import { withDefaults } from './defaults.ts'
import { choicesOf, discriminatorOf, type ParameterSchema, parametersOf } from './schema.ts'
import { isValues, type Values } from './values.ts'

/**
 * Adds the defaults of `schema` to `values` and converts every parameter to its type. Parameters
 * that `schema` does not contain are not changed.
 */
export function coerceParameters(values: Values, schema: ParameterSchema): Values {
  const filled = withDefaults(values, schema)
  const coerced = parametersOf(schema)
    .filter(([name]) => Object.hasOwn(filled, name))
    .map(([name, parameter]) => [name, coerce(filled[name], parameter)] as const)
  return { ...filled, ...Object.fromEntries(coerced) }
}

/**
 * Converts `value` to the type of `schema` if another form has the same meaning: a number or
 * boolean as text, a choice in other letter case (`verify_ca`), a single item for a list of one and
 * the reverse. Any other value is returned unchanged, and the validator reports it.
 */
export function coerce(value: unknown, schema: ParameterSchema): unknown {
  switch (schema.type) {
    case 'integer':
      return coerceInteger(value)
    case 'boolean':
      return coerceBoolean(value)
    case 'string':
      return coerceText(value, schema)
    case 'array':
      return coerceList(value, schema)
    case 'object':
      return coerceObject(expandShorthand(value, schema), schema)
    default:
      throw new Error(`spec.json has a parameter of the unknown type ${schema.type}`)
  }
}

/**
 * Converts the plain text "Xmin" to `{method: "Xmin"}` if `schema` has branches; otherwise returns
 * `value`.
 */
export function expandShorthand(value: unknown, schema: ParameterSchema): unknown {
  const discriminator = discriminatorOf(schema)
  return discriminator !== null && typeof value === 'string' ? { [discriminator]: value } : value
}

function coerceInteger(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[+-]?\d+\s*$/.test(value)) return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function coerceBoolean(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const word = value.trim().toLowerCase()
  return word === 'true' ? true : word === 'false' ? false : value
}

function coerceText(value: unknown, schema: ParameterSchema): unknown {
  const text: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value
  return choicesOf(schema).find((choice) => isSameWord(choice, text)) ?? text
}

function coerceList(value: unknown, schema: ParameterSchema): unknown {
  const items: readonly unknown[] | null = Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? [value]
      : null
  const { items: itemSchema } = schema
  if (items === null || itemSchema === undefined) return value
  return items.map((item) => coerce(item, itemSchema))
}

function coerceObject(value: unknown, schema: ParameterSchema): unknown {
  if (!isValues(value)) return value
  const branch = branchOf(value, schema)
  return branch === null ? value : coerceParameters(value, branch)
}

function branchOf(value: Values, schema: ParameterSchema): ParameterSchema | null {
  const discriminator = discriminatorOf(schema)
  if (discriminator === null) return schema
  const { [discriminator]: word } = value
  const fits = (branch: ParameterSchema) =>
    branch.properties?.[discriminator]?.enum?.some((choice) => isSameWord(choice, word)) ?? false
  return schema.oneOf?.find(fits) ?? null
}

function isSameWord(choice: string, value: unknown): boolean {
  return typeof value === 'string' && foldWord(choice) === foldWord(value)
}

function foldWord(word: string): string {
  return word.trim().toLowerCase().replaceAll('_', '-')
}
