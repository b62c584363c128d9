import { expect } from 'chai'
import {
  UNCHANGED,
  begin,
  commit,
  insert,
  relation,
  remove,
  tupleData,
  uint32,
  uint64,
  update,
  zeroTerminated,
} from '../testing/log-bytes.ts'
import { PgoutputDecoder } from './pgoutput.ts'
import { RecordedLog } from '../testing/recorded-log.ts'

const OID = 0xf000_0001
const TABLE = relation({ oid: OID, schema: 'public', name: 't' }, [
  { name: 'id', oid: 23, isKey: true },
  { name: 'note', oid: 1043, typmod: 14 },
])
const BEGIN = begin(100n, 5n, 0xffff_fffe)
const COMMIT = commit(100n, 148n, 5n)
const ROW = tupleData('1', 'a')

/** Decodes messages with the LSN 2^32 + 7, each between other bytes. */
function decode(messages: readonly Buffer[], log = new RecordedLog()): string[] {
  const decoder = new PgoutputDecoder(log)
  for (const message of messages) {
    const bytes = Buffer.concat([uint64(2n ** 32n + 7n), message, Buffer.from('behind')])
    decoder.message(bytes, 8, 8 + message.length, 0)
  }
  return log.lines
}

function transaction(...changes: readonly Buffer[]): Buffer[] {
  return [BEGIN, TABLE, ...changes, COMMIT]
}

function truncate(options: number): Buffer {
  return Buffer.concat([
    Buffer.from('T'),
    uint32(2),
    Buffer.from([options]),
    uint32(OID),
    uint32(2),
  ])
}

function logicalMessage(flags: number): Buffer {
  const head = [Buffer.from('M'), Buffer.from([flags]), uint64(77n), zeroTerminated('airbyte')]
  return Buffer.concat([...head, uint32(2), Buffer.from([0, 1])])
}

describe('PgoutputDecoder', () => {
  it('reads Begin and Commit, with an unsigned xid', () => {
    expect(decode([BEGIN, COMMIT])).to.deep.equal(['BEGIN 4294967294 100 5', 'COMMIT 100 148 5'])
  })

  it('reads a time before 2000 and positions above 2^63', () => {
    const time = BigInt.asUintN(64, -1n)
    const lsn = 2n ** 63n + 1n
    expect(decode([begin(lsn, time, 1), commit(lsn, lsn, time)])).to.deep.equal([
      'BEGIN 1 9223372036854775809 -1',
      'COMMIT 9223372036854775809 9223372036854775809 -1',
    ])
  })

  it('reads Relation, with an unsigned oid, and pg_catalog for an empty schema', () => {
    const system = relation({ oid: 1, schema: '', name: 'pg_x', identity: 'f' }, [])
    expect(decode([TABLE, system])).to.deep.equal([
      `RELATION ${OID} public.t d (*id:23:-1, note:1043:14)`,
      'RELATION 1 pg_catalog.pg_x f ()',
    ])
  })

  it('reads Type and Origin', () => {
    const type = Buffer.concat([Buffer.from('Y'), uint32(0xf000_0002), zeroTerminated('s')])
    const origin = Buffer.concat([Buffer.from('O'), uint64(9n), zeroTerminated('node "a"')])
    const builtIn = Buffer.concat([
      Buffer.from('Y'),
      uint32(1),
      Buffer.from('\0'),
      zeroTerminated('int4'),
    ])
    const lines = decode([Buffer.concat([type, zeroTerminated('mood')]), builtIn, origin])
    expect(lines).to.deep.equal([
      'TYPE 4026531842 s.mood',
      'TYPE 1 pg_catalog.int4',
      'ORIGIN node "a"',
    ])
  })

  it('reads Insert, with values of every kind and the LSN of its frame', () => {
    const lines = decode([
      BEGIN,
      relation(
        { oid: OID, schema: 'public', name: 't' },
        ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, oid: 25 })),
      ),
      insert(OID, tupleData('x', Buffer.from([0xff]), null, UNCHANGED, '')),
    ])
    expect(lines.at(-1)).to.equal("INSERT t 4294967303 ('x',0xff,NULL,unchanged,'')")
  })

  it('reads Update without an old row, with the old key and with the whole old row', () => {
    const key = tupleData('0', null)
    const old = tupleData('1', 'b')
    const lines = decode(
      transaction(update(OID, ROW), update(OID, ROW, ['K', key]), update(OID, ROW, ['O', old])),
    )
    expect(lines.slice(2, -1)).to.deep.equal([
      "UPDATE t 4294967303 ('1','a')",
      "UPDATE t 4294967303 key=('0',NULL) ('1','a')",
      "UPDATE t 4294967303 row=('1','b') ('1','a')",
    ])
  })

  it('reads Delete with the old key and with the whole old row', () => {
    const lines = decode(
      transaction(remove(OID, ['K', tupleData('0', null)]), remove(OID, ['O', ROW])),
    )
    expect(lines.slice(2, -1)).to.deep.equal([
      "DELETE t 4294967303 key=('0',NULL)",
      "DELETE t 4294967303 row=('1','a')",
    ])
  })

  it('reads Truncate of several relations', () => {
    const other = relation({ oid: 2, schema: 'public', name: 'u' }, [])
    const lines = decode(transaction(other, truncate(0), truncate(1), truncate(3)))
    expect(lines.slice(3, -1)).to.deep.equal([
      'TRUNCATE t, u false false',
      'TRUNCATE t, u true false',
      'TRUNCATE t, u true true',
    ])
  })

  it('reads Message, in a transaction and outside of one', () => {
    expect(decode([logicalMessage(0), BEGIN, logicalMessage(1)])).to.deep.equal([
      'MESSAGE false 77 airbyte 0001',
      'BEGIN 4294967294 100 5',
      'MESSAGE true 77 airbyte 0001',
    ])
  })

  it('ignores the Stream Abort of a transaction that was not sent', () => {
    const abort = Buffer.concat([Buffer.from('A'), uint32(848), uint32(849)])
    expect(decode([abort, BEGIN, COMMIT])).to.deep.equal(decode([BEGIN, COMMIT]))
  })

  it('skips the changes of a relation without a visitor, whatever they contain', () => {
    const log = new RecordedLog()
    log.skipped.add('t')
    expect(decode(transaction(insert(OID, Buffer.from('?'))), log)).to.have.length(3)
  })

  it('reads changes in the form of the last Relation message', () => {
    const wider = relation({ oid: OID, schema: 'public', name: 'renamed' }, [
      { name: 'id', oid: 23 },
      { name: 'note', oid: 25 },
      { name: 'added', oid: 25 },
    ])
    const lines = decode(
      transaction(insert(OID, ROW), wider, insert(OID, tupleData('2', 'b', 'c'))),
    )
    expect(lines.at(-2)).to.equal("INSERT renamed 4294967303 ('2','b','c')")
  })

  it('reports a server bug when a tuple has other columns than its relation', () => {
    const short = transaction(insert(OID, tupleData('1')))
    expect(() => decode(short)).to.throw(RangeError, '15.0 and 15.1')
  })

  it('stops where the visitor returns true', () => {
    const log = new RecordedLog()
    const decoder = new PgoutputDecoder(log)
    const stopsAfter = (bytes: Buffer): boolean => decoder.message(bytes, 0, bytes.length, 0)
    log.stops = true
    expect([BEGIN, TABLE, COMMIT].map(stopsAfter)).to.deep.equal([false, false, true])
  })

  const messages = transaction(
    insert(OID, ROW),
    update(OID, ROW, ['O', tupleData('1', UNCHANGED)]),
    remove(OID, ['K', ROW]),
    Buffer.concat([Buffer.from('T'), uint32(1), Buffer.from([0]), uint32(OID)]),
    Buffer.concat([
      Buffer.from('M\0'),
      uint64(1n),
      zeroTerminated('p'),
      uint32(1),
      Buffer.from('x'),
    ]),
    Buffer.concat([Buffer.from('Y'), uint32(1), zeroTerminated('s'), zeroTerminated('t')]),
    Buffer.concat([Buffer.from('O'), uint64(1n), zeroTerminated('o')]),
  )
  messages.forEach((message, index) => {
    const type = String.fromCharCode(message[0] ?? 0)
    const before = messages.slice(0, index)
    it(`rejects ${type} (${index}) if it is cut at any byte or followed by another byte`, () => {
      for (let end = 0; end < message.length; end++) {
        const cut = [...before, message.subarray(0, end)]
        expect(() => decode(cut), `cut at ${end}`).to.throw(RangeError, 'damaged replication')
      }
      const longer = [...before, Buffer.concat([message, Buffer.from([0])])]
      expect(() => decode(longer)).to.throw(RangeError, 'damaged replication')
    })
  })

  for (const [what, damaged] of [
    ['an unknown message', [Buffer.from('S')]],
    ['a change outside of a transaction', [TABLE, insert(OID, ROW)]],
    ['a change of an unknown relation', [BEGIN, insert(OID, ROW)]],
    ['TRUNCATE of an unknown relation', [BEGIN, Buffer.from('T\0\0\0\u0001\0\0\0\0\u0001')]],
    ['TRUNCATE outside of a transaction', [TABLE, Buffer.from('T\0\0\0\0\0')]],
    ['a transaction in a transaction', [BEGIN, BEGIN]],
    ['a commit outside of a transaction', [COMMIT]],
    [
      'an unknown replica identity',
      [relation({ oid: 1, schema: '', name: '', identity: 'x' }, [])],
    ],
    ['an insert without a new row', transaction(remove(OID, ['K', ROW]).fill('I', 0, 1))],
    ['a delete without an old row', transaction(insert(OID, ROW).fill('D', 0, 1))],
    ['an unknown kind of value', transaction(insert(OID, Buffer.from('\0\u0002nx')))],
    [
      'a negative length',
      transaction(insert(OID, Buffer.from('\0\u0002nt\x7f\xff\xff\xff', 'latin1'))),
    ],
  ] as const) {
    it(`rejects ${what}`, () => {
      expect(() => decode(damaged)).to.throw(RangeError, 'damaged replication stream')
    })
  }
})
