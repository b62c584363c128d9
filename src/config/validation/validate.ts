import type { ErrorObject } from 'ajv'
import { ALIASES } from '../aliases.ts'
import { choicesOf, CONFIG_SCHEMA } from '../schema.ts'
import type { ValidValues } from '../valid-values.ts'
import { validator } from './validator.ts'
import { isValues, type Values } from '../values.ts'

/** Messages for a keyword of a parameter for which the general sentence is not clear enough. */
const FIXED_PROBLEMS: Readonly<Record<string, string>> = {
  'checkpoint_target_interval_seconds minimum': 'Checkpoint Target Interval should be positive',
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'an integer',
  object: 'an object',
  string: 'a text',
}

/** Result of a validation: `valid` is null if there are problems. */
export interface Validation {
  readonly valid: ValidValues | null
  readonly problems: readonly string[]
}

/**
 * Validates `values` against spec.json. A problem is one sentence without the value. `nameOf` maps
 * the path of a parameter to the name that the user gave.
 */
export function validate(values: Values, nameOf: (path: string) => string): Validation {
  if (validator(values)) return { valid: values, problems: [] }
  const problems = (validator.errors ?? []).map((error) => describe(error, nameOf))
  return { valid: null, problems }
}

function describe(error: ErrorObject, nameOf: (path: string) => string): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.')
  const fixed = FIXED_PROBLEMS[`${path} ${error.keyword}`]
  if (fixed !== undefined) return fixed
  const params = isValues(error.params) ? error.params : {}
  const inside = (child: unknown) => nameOf([path, String(child)].filter(Boolean).join('.'))
  switch (error.keyword) {
    case 'type':
      return `Parameter '${nameOf(path)}' must be ${typeName(params['type'])}`
    case 'required':
      return missing(inside(params['missingProperty']))
    case 'minimum':
      return `Parameter '${nameOf(path)}' must be at least ${String(params['limit'])}`
    case 'maximum':
      return `Parameter '${nameOf(path)}' must be at most ${String(params['limit'])}`
    case 'uniqueItems':
      return `Parameter '${nameOf(path)}' must not repeat an entry`
    case 'enum':
      return `Parameter '${nameOf(path)}' must be one of: ${listOf(params['allowedValues'])}`
    case 'discriminator':
      return describeTag(params, inside(params['tag']), path)
    default:
      throw new Error(`spec.json uses the keyword ${error.keyword}, which has no sentence`)
  }
}

function typeName(type: unknown): string {
  return TYPE_NAMES[String(type)] ?? String(type)
}

function missing(name: string): string {
  const other = Object.entries(ALIASES).find(([, canonical]) => canonical === name)?.[0]
  return `Parameter '${name}'${other === undefined ? '' : ` (or '${other}')`} is required`
}

function describeTag(params: Values, name: string, path: string): string {
  return params['tagValue'] === undefined
    ? missing(name)
    : `Parameter '${name}' must be one of: ${choicesAt(path)}`
}

function listOf(values: unknown): string {
  return Array.isArray(values) ? values.join(', ') : ''
}

function choicesAt(path: string): string {
  const schema = CONFIG_SCHEMA.properties?.[path]
  return schema === undefined ? '' : choicesOf(schema).join(', ')
}
