/** A node of a JSON schema, with the fields that the rules for specs use. */
export interface SchemaNode {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly oneOf?: readonly SchemaNode[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly format?: string
  readonly pattern?: string
  readonly required?: readonly string[]
  readonly additionalProperties?: unknown
  readonly airbyte_secret?: boolean
  readonly display_type?: string
  readonly group?: string
  readonly order?: number
}

/** A node and its path: `tunnel_method.oneOf[1].ssh_key`. */
interface Place {
  readonly path: string
  readonly name: string
  readonly node: SchemaNode
}

type Rule = (place: Place) => readonly string[] | string | null

/** Keywords that Airbyte's form does not support. */
const FORBIDDEN_KEYWORDS =
  '$ref not anyOf patternProperties prefixItems allOf if then else dependentSchemas dependentRequired'.split(
    ' ',
  )
/** Names, and ends of names, that must be marked as secret. */
const SECRET_NAMES = new Set(
  'client_token access_token api_token token secret client_secret password key service_account_info service_account tenant_id certificate jwt credentials app_id appid refresh_token'.split(
    ' ',
  ),
)
const SECRET_ENDS = ['_password', '_secret', '_token', '_passphrase', 'ssh_key', 'client_key']
const HOLDS_SECRETS = new Set(['string', 'integer', 'number'])
const ITEM_TYPES = new Set(['object', 'string', 'number', 'integer'])

const RULES: readonly Rule[] = [
  forbiddenKeywords,
  repeatedEnumValues,
  badBranches,
  badSecret,
  badType,
  emptyObject,
  badItems,
  formatWithoutPattern,
  closedObject,
  repeatedOrder,
  badDisplay,
  nestedGroup,
]

/** Finds everything in a connectionSpecification that Airbyte's acceptance tests would reject. */
export function findSpecProblems(specification: SchemaNode): string[] {
  return [...places(specification, '', '')].flatMap((place) =>
    RULES.flatMap((rule) => rule(place) ?? []).map(
      (problem) => `${place.path || 'top'}: ${problem}`,
    ),
  )
}

function* places(node: SchemaNode, path: string, name: string): Generator<Place> {
  yield { path, name, node }
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    yield* places(child, path === '' ? key : `${path}.${key}`, key)
  }
  for (const [index, branch] of (node.oneOf ?? []).entries()) {
    yield* places(branch, `${path}.oneOf[${index}]`, '')
  }
  if (node.items !== undefined) yield* places(node.items, `${path}.items`, '')
}

function forbiddenKeywords({ node }: Place): string[] {
  return FORBIDDEN_KEYWORDS.filter((keyword) => Object.hasOwn(node, keyword)).map(
    (keyword) => `has the keyword ${keyword}`,
  )
}

function repeatedEnumValues({ node }: Place): string | null {
  const values = node.enum ?? []
  return new Set(values).size === values.length ? null : 'has an enum value twice'
}

/** Exactly one property that all branches share must distinguish them, by one value in each. */
function badBranches({ node }: Place): string | null {
  const { oneOf } = node
  if (oneOf === undefined) return null
  if (node.type !== 'object') return 'has oneOf but is not of type object'
  if (oneOf.some(({ properties }) => properties === undefined)) return 'has a branch of no object'
  const [first] = oneOf
  const discriminators = Object.keys(first?.properties ?? {}).filter((name) => {
    const choices = oneOf.map((branch) => singleValue(branch.properties?.[name]))
    return choices.every((choice) => choice !== undefined) && new Set(choices).size === oneOf.length
  })
  return discriminators.length === 1 ? null : `has ${discriminators.length} discriminators`
}

function singleValue(node: SchemaNode | undefined): unknown {
  if (node?.const !== undefined) return node.const
  return node?.enum?.length === 1 ? node.enum[0] : undefined
}

function badSecret({ name, node }: Place): string | null {
  const canHoldOne = [node.type].flat().some((type) => HOLDS_SECRETS.has(type ?? ''))
  const isFixed = singleValue(node) !== undefined
  if (node.airbyte_secret === true) {
    return canHoldOne && !isFixed ? null : 'is a secret but cannot hold one'
  }
  const soundsSecret = SECRET_NAMES.has(name) || SECRET_ENDS.some((end) => name.endsWith(end))
  return soundsSecret && canHoldOne && !isFixed ? 'is not marked as a secret' : null
}

function badType({ name, node }: Place): string | null {
  const { type } = node
  if (name === '' || typeof type === 'string') return null
  const isNullable = Array.isArray(type) && type.length === 2 && type[1] === 'null'
  return isNullable ? null : 'does not have one type'
}

function emptyObject({ node, path }: Place): string | null {
  if (node.type !== 'object' || node.oneOf !== undefined || path === '') return null
  return Object.keys(node.properties ?? {}).length > 0 ? null : 'is an object without properties'
}

function badItems({ node }: Place): string | null {
  if (node.type !== 'array') return null
  const { type, enum: values } = node.items ?? {}
  const isShown = values !== undefined || (typeof type === 'string' && ITEM_TYPES.has(type))
  return isShown ? null : 'has items that a form cannot show'
}

function formatWithoutPattern({ node }: Place): string | null {
  const isDate = node.format === 'date' || node.format === 'date-time'
  return isDate && node.pattern === undefined ? 'has a date format without a pattern' : null
}

function closedObject({ node }: Place): string | null {
  const { additionalProperties: additional } = node
  return additional === undefined || additional === true ? null : 'does not take unknown properties'
}

function repeatedOrder({ node }: Place): string | null {
  const orders = Object.values(node.properties ?? {}).flatMap(({ order }) => order ?? [])
  return new Set(orders).size === orders.length ? null : 'has two properties of one order'
}

function badDisplay({ node }: Place): string | null {
  return node.display_type !== undefined && node.oneOf === undefined
    ? 'has a display_type but no oneOf'
    : null
}

function nestedGroup({ node, path }: Place): string | null {
  return node.group !== undefined && path.includes('.') ? 'has a group inside an object' : null
}
