import { expect } from 'chai'
import { editDistance, similarName } from './similar-names.ts'

describe('editDistance', () => {
  for (const [a, b, expected] of [
    ['', '', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['orders', 'oders', 1],
    ['port', 'prot', 1],
    ['ab', 'bca', 3],
  ] as const) {
    it(`${a} ↔ ${b}: ${expected}`, () => {
      expect(editDistance(a, b)).to.equal(expected)
      expect(editDistance(b, a)).to.equal(expected)
    })
  }
})

describe('similarName', () => {
  const known = ['host', 'port', 'username', 'user', 'ssl_mode', 'sslmode']

  for (const [name, expected] of [
    ['prot', 'port'],
    ['hots', 'host'],
    ['usre', 'user'],
    ['userName', 'username'],
    ['SSLMode', 'sslmode'],
    ['ssl-mode', 'ssl_mode'],
    ['', null],
    ['hpst1', null],
    ['most_or_all', null],
  ] as const) {
    it(`${name} → ${expected}`, () => {
      expect(similarName(name, known)).to.equal(expected)
    })
  }
})
