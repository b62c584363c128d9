import { Ajv } from 'ajv'
import { expect } from 'chai'
import type { Json } from '../../helpers/messages.ts'
import { CONFIG, INVALID_CONFIG, readText } from '../fixtures.ts'
import { findSpecProblems, type SchemaNode } from '../spec-checks.ts'
import type { Subject } from '../subject.ts'

/**
 * Configs saved by the forms of both generations of the official connector. They must stay valid.
 */
const STORED_CONFIGS: Readonly<Record<string, Json>> = {
  '3.8': {
    host: 'db',
    port: 5432,
    database: 'shop',
    username: 'ab',
    password: 'x',
    schemas: ['public'],
    ssl_mode: { mode: 'verify-ca', ca_certificate: '-----BEGIN CERTIFICATE-----' },
    tunnel_method: {
      tunnel_method: 'SSH_KEY_AUTH',
      tunnel_host: 'bastion',
      tunnel_port: 22,
      tunnel_user: 'ops',
      ssh_key: '-----BEGIN OPENSSH PRIVATE KEY-----',
    },
    replication_method: { method: 'Xmin' },
    check_privileges: true,
    checkpoint_target_interval_seconds: 300,
    max_db_connections: 2,
  },
  '3.7': {
    host: 'db',
    port: 5432,
    database: 'shop',
    username: 'ab',
    ssl_mode: { mode: 'prefer' },
    replication_method: { method: 'Standard' },
    unknown_key_of_an_old_version: true,
  },
  'of the fixture': CONFIG,
  'with a wrong password': INVALID_CONFIG,
}

/** The checks of the section `spec`. */
export function specSection(subject: () => Subject): void {
  describe('spec', () => {
    let spec: Json
    let schema: SchemaNode

    before(async () => {
      const { code, messages } = await subject().run('spec')
      expect(code).to.equal(0)
      expect(messages.map(({ type }) => type)).to.deep.equal(['SPEC'])
      spec = messages[0]?.spec ?? {}
      schema = toSchema(spec['connectionSpecification'])
    })

    it('equals spec.json', () => {
      expect(spec).to.deep.equal(JSON.parse(readText('spec.json')))
    })

    it('follows all rules for forms', () => {
      expect(findSpecProblems(schema)).to.deep.equal([])
    })

    it('requires no parameter that the official connector did not require', () => {
      expect(schema.required).to.deep.equal(['host'])
    })

    it('does not use OAuth', () => {
      expect(spec).not.to.have.any.keys('advanced_auth', 'authSpecification')
    })

    for (const [title, config] of Object.entries(STORED_CONFIGS)) {
      it(`accepts a config ${title}`, () => {
        const ajv = new Ajv({ strict: false, allErrors: true })
        ajv.validate(schema, config)
        expect(ajv.errors ?? []).to.deep.equal([])
      })
    }
  })
}

function toSchema(value: unknown): SchemaNode {
  if (typeof value === 'object' && value !== null) return value
  throw new Error('The spec has no connectionSpecification')
}
