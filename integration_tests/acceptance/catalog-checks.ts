import type { CatalogStream, Json } from '../helpers/messages.ts'

const FORBIDDEN_KEYWORDS = ['$ref', 'allOf', 'not']
const NO_KEY_TYPES = ['object', 'array']

/** Finds everything in a discovered catalog that Airbyte's acceptance tests would reject. */
export function findCatalogProblems(streams: readonly CatalogStream[]): string[] {
  const names = streams.map(({ name, namespace }) => JSON.stringify([namespace, name]))
  const repeated = names.filter((name, index) => names.indexOf(name) !== index)
  return [
    ...repeated.map((name) => `${name} is there twice`),
    ...streams.flatMap((stream) =>
      findStreamProblems(stream).map((problem) => `${stream.name}: ${problem}`),
    ),
  ]
}

function findStreamProblems(stream: CatalogStream): string[] {
  const { json_schema: schema, supported_sync_modes: modes } = stream
  const problems = findSchemaProblems(schema)
  if (modes.length === 0) problems.push('has no sync mode')
  const cursor = stream.default_cursor_field ?? []
  const paths = [
    ...(cursor.length > 0 ? [cursor] : []),
    ...(stream.source_defined_primary_key ?? []),
  ]
  for (const path of paths) {
    const property = schema.properties[path.join('.')]
    if (property === undefined) problems.push(`'${path.join('.')}' is not in the schema`)
  }
  for (const path of stream.source_defined_primary_key ?? []) {
    const type = schema.properties[path.join('.')]?.['type']
    if (NO_KEY_TYPES.includes(String(type)))
      problems.push(`key '${path.join('.')}' is of ${String(type)}`)
  }
  return problems
}

/** Checks a schema and the schemas in it at any depth. */
function findSchemaProblems(schema: Json, path = 'schema'): string[] {
  const problems = FORBIDDEN_KEYWORDS.filter((keyword) => Object.hasOwn(schema, keyword)).map(
    (keyword) => `${path} has ${keyword}`,
  )
  if (Object.hasOwn(schema, 'additionalProperties') && schema['additionalProperties'] !== true) {
    problems.push(`${path} does not take unknown properties`)
  }
  const { properties, items } = schema
  const children = [
    ...(isObject(properties) ? Object.entries(properties) : []),
    ['items', items] as const,
  ]
  for (const [name, child] of children) {
    if (isObject(child)) problems.push(...findSchemaProblems(child, `${path}.${name}`))
  }
  return problems
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
