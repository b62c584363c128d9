import { expect } from 'chai'
import {
  begin,
  commit,
  insert,
  keepalive,
  message,
  relation,
  remove,
  tupleData,
  uint64,
  update,
  xlogData,
} from '../testing/log-bytes.ts'
import { RecordedLog } from '../testing/recorded-log.ts'
import { ReplicationStream } from './replication-stream.ts'

const COPY_BOTH = message('W', Buffer.from([0, 0, 0]))
const COPY_DONE = message('c')
const COMPLETE = message('C', Buffer.from('START_REPLICATION\0'))
const READY = message('Z', Buffer.from('I'))
const ERROR = message('E', Buffer.from('SERROR\0C57P01\0\0'))
const OID = 16_400

const TRANSACTION = Buffer.concat([
  xlogData(0n, begin(1000n, 1n, 7)),
  xlogData(
    0n,
    relation({ oid: OID, schema: 'public', name: 't' }, [
      { name: 'id', oid: 23, isKey: true },
      { name: 'note', oid: 25 },
    ]),
  ),
  xlogData(900n, insert(OID, tupleData('1', 'x'.repeat(300)))),
  xlogData(2n ** 33n + 5n, update(OID, tupleData('1', null), ['O', tupleData('2', 'b')])),
  xlogData(980n, remove(OID, ['K', tupleData('1', null)])),
  keepalive(990n, true),
  xlogData(1048n, commit(1000n, 1048n, 1n)),
])
const WHOLE = Buffer.concat([
  message('N', Buffer.from('Mhi\0\0')),
  COPY_BOTH,
  keepalive(980n),
  TRANSACTION,
  message('S', Buffer.from('a\0b\0')),
  keepalive(1100n),
  COPY_DONE,
  COMPLETE,
  COMPLETE,
  READY,
])
const LINES = [
  'KEEPALIVE 980 false',
  'BEGIN 7 1000 1',
  `RELATION ${OID} public.t d (*id:23:-1, note:25:-1)`,
  `INSERT t 900 ('1','${'x'.repeat(300)}')`,
  "UPDATE t 8589934597 row=('2','b') ('1',NULL)",
  "DELETE t 980 key=('1',NULL)",
  'KEEPALIVE 990 true',
  'COMMIT 1000 1048 1',
  'KEEPALIVE 1100 false',
]

interface Seen {
  readonly lines: readonly string[]
  readonly messages: string
  /** Where `push` stopped before the end of a chunk, counted over all chunks. */
  readonly stops: readonly number[]
}

function run(chunks: readonly Buffer[], log = new RecordedLog()): Seen {
  const stops: number[] = []
  let messages = ''
  const stream = new ReplicationStream(log, (bytes, start) => {
    messages += String.fromCharCode(bytes.readUInt8(start))
  })
  let before = 0
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      at = stream.push(chunk, at)
      if (at < chunk.length) stops.push(before + at)
    }
    before += chunk.length
  }
  stream.end()
  return { lines: log.lines, messages, stops }
}

function failureOf(work: () => unknown): Error | null {
  try {
    work()
    return null
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
}

describe('ReplicationStream', () => {
  it('passes every message of the log and every other message', () => {
    expect(run([WHOLE])).to.deep.equal({ lines: LINES, messages: 'NWScCCZ', stops: [] })
  })

  it('gives the same result if the stream is split at any byte', () => {
    for (let split = 1; split < WHOLE.length; split++) {
      const { lines, messages } = run([WHOLE.subarray(0, split), WHOLE.subarray(split)])
      expect(lines, `split at ${split}`).to.deep.equal(LINES)
      expect(messages, `split at ${split}`).to.equal('NWScCCZ')
    }
  })

  it('gives the same result if each byte is a chunk', () => {
    const { lines, messages } = run(Array.from(WHOLE, (byte) => Buffer.from([byte])))
    expect(lines).to.deep.equal(LINES)
    expect(messages).to.equal('NWScCCZ')
  })

  it('copies a message that is split between chunks, so that chunks may be overwritten', () => {
    for (const split of [60, 100, 300, 500]) {
      const log = new RecordedLog()
      const stream = new ReplicationStream(log, () => undefined)
      for (const chunk of [WHOLE.subarray(0, split), WHOLE.subarray(split)].map((part) =>
        Buffer.from(part),
      )) {
        for (let at = 0; at < chunk.length;) at = stream.push(chunk, at)
        chunk.fill(0)
      }
      expect(log.lines).to.deep.equal(LINES)
    }
  })

  it('stops where the visitor returns true, and continues from there', () => {
    const log = new RecordedLog()
    log.stops = true
    const start = WHOLE.indexOf(TRANSACTION)
    const end = start + TRANSACTION.length
    const commitStart = end - xlogData(0n, commit(0n, 0n, 0n)).length
    const last = WHOLE.indexOf(COPY_DONE)
    const { lines, stops } = run([WHOLE], log)
    expect(stops).to.deep.equal([start, commitStart, end, last])
    expect(lines).to.deep.equal(LINES)
  })

  it('copies each byte of a large message only once', () => {
    const size = 64 * 2 ** 20
    const head = xlogData(900n, insert(OID, tupleData('1', '')))
    const frame = Buffer.from(head)
    frame.writeUInt32BE(frame.length - 1 + size, 1)
    frame.writeUInt32BE(size, frame.length - 4)
    const piece = Buffer.alloc(64 * 1024, 'x')
    const log = new RecordedLog()
    const stream = new ReplicationStream(log, () => undefined)
    const startOfRow = TRANSACTION.indexOf(xlogData(900n, insert(OID, Buffer.alloc(0))).subarray(5))
    for (const chunk of [COPY_BOTH, TRANSACTION.subarray(0, startOfRow - 5), frame])
      stream.push(chunk, 0)
    const before = process.memoryUsage().arrayBuffers
    for (let sent = 0; sent < size; sent += piece.length) stream.push(piece, 0)
    const grown = process.memoryUsage().arrayBuffers - before
    expect(log.lines.at(-1)).to.have.length.above(size)
    expect(grown).to.be.below(1.1 * size)
  })

  it('accepts an error message anywhere', () => {
    const { lines, messages } = run([Buffer.concat([COPY_BOTH, TRANSACTION, ERROR, READY])])
    expect(lines).to.have.length(7)
    expect(messages).to.equal('WEZ')
    expect(run([Buffer.concat([ERROR, READY])]).messages).to.equal('EZ')
  })

  it('discards data after the client has ended the stream, also after the CopyDone of the server', () => {
    const log = new RecordedLog()
    const stream = new ReplicationStream(log, () => undefined)
    stream.push(COPY_BOTH, 0)
    stream.discard()
    const rest = Buffer.concat([TRANSACTION, COPY_DONE, TRANSACTION, COMPLETE, READY])
    for (let at = 0; at < rest.length;) at = stream.push(rest, at)
    stream.end()
    expect(log.lines).to.deep.equal([])
  })

  it('throws at the end of a stream that is cut', () => {
    const last = WHOLE.length - READY.length - 2 * COMPLETE.length - COPY_DONE.length
    const first = WHOLE.indexOf(COPY_BOTH) + COPY_BOTH.length
    for (let end = first; end < last + 4; end++) {
      expect(() => run([WHOLE.subarray(0, end)]), `cut at ${end}`).to.throw(
        RangeError,
        'ended early',
      )
    }
  })

  for (const [what, parts] of [
    ['ReadyForQuery in a stream', [COPY_BOTH, READY]],
    ['a stream in a stream', [COPY_BOTH, COPY_BOTH]],
    ['data before a stream', [keepalive(1n)]],
    ['data behind a stream', [COPY_BOTH, COPY_DONE, keepalive(1n)]],
    ['a CopyOutResponse', [message('H', Buffer.from([0, 0, 0]))]],
    ['an unknown message', [COPY_BOTH, message('D', Buffer.from([0, 0]))]],
    ['an empty frame', [COPY_BOTH, message('d')]],
    ['an unknown frame', [COPY_BOTH, message('d', Buffer.from('x'), uint64(0n))]],
    ['a keepalive that is cut', [COPY_BOTH, message('d', keepalive(1n).subarray(5, -1))]],
    [
      'a keepalive that is too long',
      [COPY_BOTH, message('d', keepalive(1n).subarray(5), uint64(0n))],
    ],
    ['an XLogData that is cut', [COPY_BOTH, message('d', xlogData(1n).subarray(5, -1))]],
    ['an XLogData without a message', [COPY_BOTH, xlogData(1n)]],
    ['a length below four', [Buffer.from('d\0\0\0\u0003', 'latin1')]],
    ['a length beyond what the server can build', [Buffer.from('d\x7f\xff\xff\xff', 'latin1')]],
  ] as const) {
    it(`rejects ${what}`, () => {
      const bytes = Buffer.concat(parts)
      expect(() => run([bytes])).to.throw(RangeError, 'damaged replication stream')
      const single = Array.from(bytes, (byte) => Buffer.from([byte]))
      expect(() => run(single)).to.throw(RangeError, 'damaged replication stream')
    })
  }

  it('throws a RangeError or accepts the stream when one byte is changed', () => {
    let errors = 0
    for (let at = 0; at < WHOLE.length; at++) {
      const bytes = Buffer.from(WHOLE)
      bytes[at] = bytes.readUInt8(at) ^ (at % 2 === 0 ? 0x01 : 0x80)
      const error = failureOf(() => run([bytes]))
      if (error === null) continue
      errors++
      expect(error, `byte ${at}`).to.be.instanceOf(RangeError)
      expect(error.message).to.include('damaged replication stream')
    }
    expect(errors).to.be.greaterThan(WHOLE.length / 6)
  })
})
