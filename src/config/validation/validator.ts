import { Ajv, type Options } from 'ajv'
import { CONFIG_SCHEMA, discriminatorOf } from '../schema.ts'
import type { ValidValues } from '../valid-values.ts'

/*
 * Compiling the schema takes about 100 ms. scripts/bundle.js compiles it at build time with
 * VALIDATION_SCHEMA and AJV_OPTIONS, and replaces this module by the result.
 */

export const AJV_OPTIONS: Options = { allErrors: true, discriminator: true, strict: false }

/**
 * spec.json with ajv's `discriminator`: only the selected branch of a oneOf is validated and
 * reported.
 */
export const VALIDATION_SCHEMA: object = withDiscriminators()

/**
 * Whether values have the types and ranges of spec.json; its property `errors` lists the
 * violations.
 */
export const validator = new Ajv(AJV_OPTIONS).compile<ValidValues>(VALIDATION_SCHEMA)

function withDiscriminators(): object {
  const parameters = Object.entries(CONFIG_SCHEMA.properties ?? {}).map(([name, schema]) => {
    const propertyName = discriminatorOf(schema)
    return [name, propertyName === null ? schema : { ...schema, discriminator: { propertyName } }]
  })
  return { ...CONFIG_SCHEMA, properties: Object.fromEntries(parameters) }
}
