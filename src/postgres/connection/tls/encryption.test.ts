import { expect } from 'chai'
import { isEncryptionError, planEncryption, TlsFailure } from './encryption.ts'

describe('planEncryption', () => {
  for (const [mode, first, second] of [
    ['disable', 'plain', null],
    ['allow', 'plain', 'TLS'],
    ['prefer', 'TLS', 'plain'],
    ['require', 'TLS', null],
    ['verify-ca', 'TLS', null],
    ['verify-full', 'TLS', null],
  ] as const) {
    it(`${mode} → ${first}, then ${second ?? 'nothing'}`, () => {
      expect(planEncryption(mode)).to.deep.equal({ first, second })
    })
  }
})

describe('isEncryptionError', () => {
  for (const [error, expected] of [
    [new TlsFailure(new Error('expired')), true],
    [Object.assign(new Error('pg_hba.conf'), { code: '28000' }), true],
    [Object.assign(new Error('password'), { code: '28P01' }), true],
    [Object.assign(new Error('too many'), { code: '53300' }), false],
    [Object.assign(new Error('no route'), { code: 'ECONNREFUSED' }), false],
    [new Error('anything else'), false],
  ] as const) {
    it(`${error.name} ${error.message} → ${expected}`, () => {
      expect(isEncryptionError(error)).to.equal(expected)
    })
  }
})
