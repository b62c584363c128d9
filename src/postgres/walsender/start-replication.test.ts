import { expect } from 'chai'
import { startReplication } from './start-replication.ts'

const LOG = { slot: 's', publications: ['p'], start: 0x16_b374_d848n, isBinary: true }

describe('startReplication', () => {
  for (const [major, options] of [
    [13, "proto_version '1', publication_names '\"p\"'"],
    [14, "proto_version '1', publication_names '\"p\"', binary 'true', messages 'true'"],
  ] as const) {
    it(`has the options of PostgreSQL ${major}`, () => {
      const command = startReplication(LOG, major)
      expect(command).to.equal(`START_REPLICATION SLOT "s" LOGICAL 16/B374D848 (${options})`)
    })
  }

  it('quotes names for the list of names and for the literal around it', () => {
    const publications = ['P', `a"b'c`, 'x, y']
    const command = startReplication({ ...LOG, publications, isBinary: false, start: 0n }, 18)
    expect(command).to.equal(
      `START_REPLICATION SLOT "s" LOGICAL 0/0 (proto_version '1', publication_names '"P", "a""b''c", "x, y"', messages 'true')`,
    )
  })
})
