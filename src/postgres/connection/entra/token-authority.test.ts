import { expect } from 'chai'
import { findAuthority } from './token-authority.ts'

const PUBLIC_SCOPE = 'https://ossrdbms-aad.database.windows.net/.default'

describe('findAuthority', () => {
  for (const [variable, url, scope] of [
    [undefined, 'https://login.microsoftonline.com/t/oauth2/v2.0/token', PUBLIC_SCOPE],
    ['', 'https://login.microsoftonline.com/t/oauth2/v2.0/token', PUBLIC_SCOPE],
    [
      'https://login.microsoftonline.us/',
      'https://login.microsoftonline.us/t/oauth2/v2.0/token',
      'https://ossrdbms-aad.database.usgovcloudapi.net/.default',
    ],
    [
      'login.chinacloudapi.cn',
      'https://login.chinacloudapi.cn/t/oauth2/v2.0/token',
      'https://ossrdbms-aad.database.chinacloudapi.cn/.default',
    ],
    [
      'https://proxy.example/entra',
      'https://proxy.example/entra/t/oauth2/v2.0/token',
      PUBLIC_SCOPE,
    ],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/t/oauth2/v2.0/token', PUBLIC_SCOPE],
  ] as const) {
    it(`AZURE_AUTHORITY_HOST=${variable} → ${url}`, () => {
      const authority = findAuthority('t', { AZURE_AUTHORITY_HOST: variable })
      expect(authority.tokenUrl.href).to.equal(url)
      expect(authority.scope).to.equal(scope)
    })
  }

  it('encodes the tenant', () => {
    const { tokenUrl } = findAuthority('../a b', {})
    expect(tokenUrl.pathname).to.equal('/..%2Fa%20b/oauth2/v2.0/token')
  })

  for (const variable of [
    'http://login.example',
    'http://127.example',
    'ftp://login.example',
    'https://',
  ]) {
    it(`sends no secret to ${variable}`, () => {
      expect(() => findAuthority('t', { AZURE_AUTHORITY_HOST: variable }))
        .to.throw('AZURE_AUTHORITY_HOST must be an https URL')
        .that.includes({ failureType: 'config_error' })
    })
  }
})
