import spec from '../../spec.json' with { type: 'json' }

/** The part of JSON schema that spec.json uses to describe a parameter. */
export interface ParameterSchema {
  readonly type: string
  readonly default?: unknown
  readonly enum?: readonly string[] | undefined
  readonly items?: ParameterSchema | undefined
  readonly properties?: Readonly<Record<string, ParameterSchema>> | undefined
  readonly oneOf?: readonly ParameterSchema[] | undefined
}

/** The connectionSpecification of spec.json: the only list of all parameters. */
export const CONFIG_SCHEMA: ParameterSchema = spec.connectionSpecification

/** The schemas of the parameters inside `schema`, by name. */
export function parametersOf(schema: ParameterSchema): readonly [string, ParameterSchema][] {
  return Object.entries(schema.properties ?? {})
}

/**
 * The parameter that distinguishes the branches of a oneOf, or null if `schema` has no branches.
 */
export function discriminatorOf(schema: ParameterSchema): string | null {
  const [branch] = schema.oneOf ?? []
  if (branch === undefined) return null
  const [name] = parametersOf(branch).find(([, { enum: choices }]) => choices?.length === 1) ?? []
  if (name === undefined) throw new Error('a branch of a oneOf in spec.json has no discriminator')
  return name
}

/** Allowed values: the enum, or the values of the discriminator; empty: any value. */
export function choicesOf(schema: ParameterSchema): readonly string[] {
  const discriminator = discriminatorOf(schema)
  if (discriminator === null) return schema.enum ?? []
  return (schema.oneOf ?? []).flatMap((branch) => branch.properties?.[discriminator]?.enum ?? [])
}
