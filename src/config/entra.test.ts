import { expect } from 'chai'
import { parseConfig } from './parse-config.ts'
import { rejectionOf } from '../testing/rejected.ts'

const BASE = { host: 'h', database: 'd', username: 'u', password: 's' }
const ENTRA = {
  entra_service_principal_auth: true,
  entra_tenant_id: 'tenant',
  entra_client_id: 'client',
}

describe('parseConfig: Microsoft Entra', () => {
  it('has a service principal, and requires TLS by default', () => {
    const { config } = parseConfig({ ...BASE, ...ENTRA })
    expect(config.entra).to.deep.equal({ tenantId: 'tenant', clientId: 'client' })
    expect(config.ssl.mode).to.equal('require')
  })

  it('accepts true as text', () => {
    const { config } = parseConfig({ ...BASE, ...ENTRA, entra_service_principal_auth: 'true' })
    expect(config.entra).not.to.equal(null)
    expect(config.ssl.mode).to.equal('require')
  })

  it('keeps a given SSL mode', () => {
    const { config } = parseConfig({
      ...BASE,
      ...ENTRA,
      ssl_mode: { mode: 'verify-full', ca_certificate: '-----BEGIN ' },
    })
    expect(config.ssl.mode).to.equal('verify-full')
  })

  it('is off unless it is switched on', () => {
    const { config } = parseConfig({ ...BASE, ...ENTRA, entra_service_principal_auth: false })
    expect(config.entra).to.equal(null)
    expect(config.ssl.mode).to.equal('prefer')
  })

  for (const mode of ['disable', 'allow', 'prefer']) {
    it(`rejects SSL mode ${mode}`, () => {
      expect(rejectionOf({ ...BASE, ...ENTRA, sslmode: mode })).to.equal(
        "Parameter 'sslmode' must be require, verify-ca or verify-full with entra_service_principal_auth",
      )
    })
  }

  for (const name of ['password', 'entra_tenant_id', 'entra_client_id']) {
    it(`requires ${name}`, () => {
      expect(rejectionOf({ ...BASE, ...ENTRA, [name]: '' })).to.equal(
        `Parameter '${name}' is required with entra_service_principal_auth`,
      )
    })
  }
})
