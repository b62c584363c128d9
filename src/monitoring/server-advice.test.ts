import { expect } from 'chai'
import { parseConfig } from '../config/parse-config.ts'
import { adviseOnServer } from './server-advice.ts'

const SERVER = {
  major: 18,
  version: 'PostgreSQL 18',
  encoding: 'UTF8',
  blockBytes: 8192,
  isInRecovery: false,
  isPooled: false,
  freeConnections: 96,
  lockTableSize: 6400,
  maxConnections: 100,
  roleLimit: null,
  databaseLimit: null,
}
const { config } = parseConfig({ host: 'db', database: 'shop', username: 'reader' })

describe('adviseOnServer', () => {
  it('returns nothing for an ordinary server', () => {
    expect(adviseOnServer(SERVER, config)).to.deep.equal([])
  })

  for (const [facts, level, text] of [
    [{ isInRecovery: true }, 'INFO', /standby/],
    [{ isPooled: true }, 'INFO', /pooler/],
    [{ roleLimit: 2 }, 'WARN', /is 5, but the limit is 2: .* the role may have 2,/],
    [{ databaseLimit: 3 }, 'WARN', /the limit is 3/],
    [{ maxConnections: 4 }, 'WARN', /the limit is 4: the server has 4,/],
  ] as const) {
    it(`${JSON.stringify(facts)} → ${level}`, () => {
      const [note, ...others] = adviseOnServer({ ...SERVER, ...facts }, config)
      expect(others).to.deep.equal([])
      expect(note?.level).to.equal(level)
      expect(note?.message).to.match(text)
    })
  }
})
