import type { Json } from '../helpers/messages.ts'

/** An array has at most six dimensions. */
const MAX_NESTING = 5
const FLOAT_WORDS = { enum: ['NaN', 'Infinity', '-Infinity'] }

/**
 * Adds to discovered properties what the protocol's schemas do not express: any value may be null,
 * a float may be one of three strings, and the dimensions of an array are not a property of its
 * type.
 */
export function lenientSchemas(properties: Readonly<Record<string, Json>>): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, lenient(schema, schema['items'])]),
  )
}

function lenient(schema: Json, items: unknown): Json {
  const isNumber = schema['type'] === 'number' && schema['airbyte_type'] === undefined
  if (items === undefined) {
    return { anyOf: [schema, { type: 'null' }, ...(isNumber ? [FLOAT_WORDS] : [])] }
  }
  const item = { anyOf: [items, { type: 'null' }, FLOAT_WORDS] }
  return { type: ['array', 'null'], items: nested(item, MAX_NESTING) }
}

function nested(item: Json, depth: number): Json {
  if (depth === 0) return item
  return { anyOf: [item, { type: 'array', items: nested(item, depth - 1) }] }
}
