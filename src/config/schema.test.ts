import { Ajv } from 'ajv'
import { expect } from 'chai'
import spec from '../../spec.json' with { type: 'json' }
import {
  choicesOf,
  CONFIG_SCHEMA,
  discriminatorOf,
  type ParameterSchema,
  parametersOf,
} from './schema.ts'
import { isValues, type Values } from './values.ts'

/** A schema anywhere in spec.json, and the path of names to it. */
interface Place {
  readonly path: string
  readonly schema: Values
}

const NO_BOUNDS = [undefined, undefined] as const
const CDC = { method: 'CDC', replication_slot: 's', publication: 'p' } as const
/** Names that Airbyte's acceptance tests treat as secrets, and other names of secrets. */
const SECRET_NAME =
  /^key$|token|secret|password|passphrase|certificate|ssh_key|client_key|ssl\w*(cert|key)$/

const places = placesIn('', spec.connectionSpecification)
const named = places.filter(({ path }) => path !== '' && !/\[\d+\]$/.test(path))
const branched = places.filter(({ schema }) => Array.isArray(schema['oneOf']))

describe('CONFIG_SCHEMA', () => {
  it('is in the envelope that the protocol requires', () => {
    expect(spec).to.include({ supportsNormalization: false, supportsDBT: false })
    expect(spec.supported_destination_sync_modes).to.deep.equal([])
    expect(new URL(spec.documentationUrl).protocol).to.equal('https:')
    expect(spec).to.have.all.keys(
      'documentationUrl',
      'connectionSpecification',
      'supportsNormalization',
      'supportsDBT',
      'supported_destination_sync_modes',
    )
  })

  it('is valid JSON schema draft-07', () => {
    expect(spec.connectionSpecification.$schema).to.equal('http://json-schema.org/draft-07/schema#')
    const ajv = new Ajv({ strict: false })
    expect(ajv.validateSchema(spec.connectionSpecification), ajv.errorsText()).to.equal(true)
  })

  it('requires only the host', () => {
    expect(spec.connectionSpecification.required).to.deep.equal(['host'])
  })

  it('uses no keyword that relates parameters to each other', () => {
    const forbidden =
      /"(not|anyOf|allOf|patternProperties|prefixItems|if|then|else|dependentSchemas|dependentRequired|\$ref)":/
    expect(JSON.stringify(spec.connectionSpecification)).not.to.match(forbidden)
  })

  it('sets additionalProperties only to true', () => {
    for (const { path, schema } of places) {
      if ('additionalProperties' in schema) {
        expect(schema['additionalProperties'], path).to.equal(true)
      }
    }
  })

  it('gives every parameter one type, and repeats no enum value', () => {
    for (const { path, schema } of places) {
      expect(schema['type'], path).to.be.oneOf(['string', 'integer', 'boolean', 'array', 'object'])
      const { enum: choices } = schema
      if (Array.isArray(choices)) expect(new Set(choices).size, path).to.equal(choices.length)
    }
  })

  it('has no object without properties and no list without an item type', () => {
    for (const { path, schema } of places) {
      if (schema['type'] === 'object') expect(schema, path).to.have.any.keys('properties', 'oneOf')
      if (schema['type'] === 'array') {
        expect(schema['items'], path)
          .to.have.property('type')
          .that.is.oneOf(['string', 'integer', 'number', 'object'])
      }
    }
  })

  it('distinguishes the branches of every oneOf by exactly one common parameter', () => {
    expect(branched.map(({ path }) => path)).to.deep.equal([
      'ssl_mode',
      'tunnel_method',
      'replication_method',
    ])
    for (const { path, schema } of branched) {
      expect(schema['type'], path).to.equal('object')
      const branches = branchesOf(schema)
      const common = branches
        .map((branch) => Object.keys(propertiesOf(branch)))
        .reduce((left, right) => left.filter((name) => right.includes(name)))
      expect(common, path).to.have.lengthOf(1)
      for (const branch of branches) expectDiscriminator(branch, common[0] ?? '')
    }
  })

  it('marks all secrets', () => {
    for (const { path, schema } of named) {
      const name = path.split('.').at(-1) ?? ''
      const holdsSecret = schema['type'] === 'string' && SECRET_NAME.test(name)
      expect(schema['airbyte_secret'] === true, path).to.equal(holdsSecret)
    }
  })

  it('gives sibling parameters different positions in the form', () => {
    for (const { path, schema } of places) {
      const orders = Object.values(propertiesOf(schema)).map((child) => child['order'])
      const given = orders.filter((order) => order !== undefined)
      expect(new Set(given).size, path).to.equal(given.length)
    }
  })

  it('assigns every top-level parameter to a known group', () => {
    const groups = spec.connectionSpecification.groups.map(({ id }) => id)
    for (const { path, schema } of named) {
      if (path.includes('.')) expect(schema, path).not.to.have.property('group')
      else expect(schema['group'], path).to.be.oneOf(groups)
    }
  })

  it('has a title and a description for everything that a form shows', () => {
    for (const { path, schema } of named) {
      if (isDiscriminator(schema)) continue
      expect(schema['title'], path).to.be.a('string')
      expect(schema['description'], path).to.be.a('string')
    }
  })

  it('uses display_type only on a oneOf', () => {
    for (const { path, schema } of places) {
      if ('display_type' in schema) expect(schema, path).to.have.property('oneOf')
    }
  })

  it('has only valid defaults and examples', () => {
    const ajv = new Ajv({ strict: false })
    for (const { path, schema } of named) {
      const { default: fallback, examples, oneOf } = schema
      const values: unknown[] = Array.isArray(examples) ? [...examples] : []
      if (fallback !== undefined && oneOf === undefined) values.push(fallback)
      for (const value of values) expect(ajv.validate(schema, value), path).to.equal(true)
    }
  })

  it('has the CDC parameters of the official connector', () => {
    const methods = branchesOf(
      propertiesOf(spec.connectionSpecification)['replication_method'] ?? {},
    )
    expect(methods.map(({ title }) => title)).to.deep.equal([
      'Read Changes using Change Data Capture (CDC)',
      'Detect Changes with Xmin System Column',
      'Scan Changes with User Defined Cursor',
    ])
    const { required, ...cdc } = methods[0] ?? {}
    expect(required).to.deep.equal(['method', 'replication_slot', 'publication'])
    const after = 'After loading Data in the destination'
    const rows = Object.entries(propertiesOf(cdc)).map(([name, child]) => {
      const { order, type, default: fallback, enum: values, min, max } = child
      return [name, order, type, fallback, values, min, max]
    })
    expect(rows).to.deep.equal([
      ['method', 0, 'string', 'CDC', ['CDC'], ...NO_BOUNDS],
      ['replication_slot', 1, 'string', undefined, undefined, ...NO_BOUNDS],
      ['publication', 2, 'string', undefined, undefined, ...NO_BOUNDS],
      ['initial_waiting_seconds', 3, 'integer', 1200, undefined, 120, 2400],
      ['lsn_commit_behaviour', 4, 'string', after, ['While reading Data', after], ...NO_BOUNDS],
      ['heartbeat_action_query', 5, 'string', '', undefined, ...NO_BOUNDS],
      [
        'invalid_cdc_cursor_position_behavior',
        6,
        'string',
        'Fail sync',
        ['Fail sync', 'Re-sync data'],
        ...NO_BOUNDS,
      ],
      ['initial_load_timeout_hours', 7, 'integer', 8, undefined, 4, 24],
      ['debezium_shutdown_timeout_seconds', 8, 'integer', 60, undefined, 1, 3600],
    ])
  })

  it('accepts the configs of the official connector unchanged', () => {
    const validate = new Ajv({ strict: false }).compile(spec.connectionSpecification)
    const base = { host: 'db', port: 5432, database: 'shop', username: 'ab', password: 'x' }
    for (const config of [
      { ...base, ssl_mode: { mode: 'prefer' } },
      { ...base, ssl_mode: { mode: 'verify-ca', ca_certificate: 'c', client_key: 'k' } },
      { ...base, replication_method: { method: 'Standard' }, schemas: ['public'] },
      { ...base, replication_method: { method: 'Xmin' }, check_privileges: true },
      { ...base, tunnel_method: { tunnel_method: 'NO_TUNNEL' }, max_db_connections: 2 },
      { ...base, replication_method: CDC },
      { ...base, replication_method: { ...CDC, plugin: 'pgoutput', queue_size: 10000 } },
      {
        ...base,
        tunnel_method: {
          tunnel_method: 'SSH_KEY_AUTH',
          tunnel_host: 'bastion',
          tunnel_port: 22,
          tunnel_user: 'ops',
          ssh_key: 'k',
        },
      },
    ]) {
      expect(validate(config), JSON.stringify(validate.errors)).to.equal(true)
    }
  })
})

describe('parametersOf', () => {
  it('lists the parameters by name', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } }
    expect(parametersOf(schema)).to.deep.equal([['a', { type: 'string' }]])
    expect(parametersOf({ type: 'string' })).to.deep.equal([])
  })
})

describe('discriminatorOf', () => {
  for (const [name, expected] of [
    ['ssl_mode', 'mode'],
    ['tunnel_method', 'tunnel_method'],
    ['replication_method', 'method'],
    ['host', null],
  ] as const) {
    it(`${name} → ${expected}`, () => expect(discriminatorOf(parameter(name))).to.equal(expected))
  }
})

describe('choicesOf', () => {
  for (const [name, expected] of [
    ['sync_mode', ['full_refresh', 'incremental']],
    ['tunnel_method', ['NO_TUNNEL', 'SSH_KEY_AUTH', 'SSH_PASSWORD_AUTH']],
    ['replication_method', ['CDC', 'Xmin', 'Standard']],
    ['host', []],
  ] as const) {
    it(`${name} → ${expected.join(', ')}`, () => {
      expect(choicesOf(parameter(name))).to.deep.equal(expected)
    })
  }
})

function parameter(name: string): ParameterSchema {
  const schema = CONFIG_SCHEMA.properties?.[name]
  if (schema === undefined) throw new Error(`spec.json has no ${name}`)
  return schema
}

function placesIn(path: string, schema: Values): Place[] {
  const children = Object.entries(propertiesOf(schema)).flatMap(([name, child]) =>
    placesIn(path === '' ? name : `${path}.${name}`, child),
  )
  const branches = branchesOf(schema).flatMap((branch, index) =>
    placesIn(`${path}[${index}]`, branch),
  )
  return [{ path, schema }, ...children, ...branches]
}

function propertiesOf(schema: Values): Readonly<Record<string, Values>> {
  const { properties } = schema
  if (!isValues(properties)) return {}
  return Object.fromEntries(
    Object.entries(properties).map(([name, child]) => [name, isValues(child) ? child : {}]),
  )
}

function branchesOf(schema: Values): readonly Values[] {
  return Array.isArray(schema['oneOf']) ? schema['oneOf'].filter(isValues) : []
}

function isDiscriminator(schema: Values): boolean {
  return Array.isArray(schema['enum']) && schema['enum'].length === 1
}

function expectDiscriminator(branch: Values, name: string): void {
  const { [name]: discriminator = {} } = propertiesOf(branch)
  expect(discriminator['enum']).to.deep.equal([discriminator['default']])
  expect(branch['required']).to.include(name)
  expect(branch).to.include({ type: 'object', additionalProperties: true })
  expect(branch['title']).to.be.a('string')
}
