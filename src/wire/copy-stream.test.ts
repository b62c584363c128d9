import { expect } from 'chai'
import { int, message, tuple } from '../testing/bytes.ts'
import { CopyStream } from './copy-stream.ts'

const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
const TRAILER = Buffer.from([0xff, 0xff])
const COPY_OUT = message('H', Buffer.from([1, 0, 0]))
const COPY_DONE = message('c')
const READY = message('Z', Buffer.from('I'))

function complete(rows: number): Buffer {
  return message('C', Buffer.from(`COPY ${rows}\0`))
}

/** Builds a COPY from its CopyOutResponse to its CommandComplete. */
function headerWith(flags: number): Buffer<ArrayBuffer> {
  return Buffer.concat([HEADER.subarray(0, 11), int(4, flags), HEADER.subarray(15)])
}

function copy(rows: readonly Buffer[], header = HEADER): Buffer {
  return Buffer.concat([
    COPY_OUT,
    message('d', header),
    ...rows.map((row) => message('d', row)),
    message('d', TRAILER),
    COPY_DONE,
    complete(rows.length),
  ])
}

interface Seen {
  readonly tuples: string[]
  readonly messages: string
  readonly stops: number[]
}

/**
 * Returns what the sink and the handler received, and where `push` stopped, counted over all
 * chunks.
 */
function run(chunks: readonly Buffer[]): Seen {
  const tuples: string[] = []
  const stops: number[] = []
  let messages = ''
  const sink = {
    tuple: (bytes: Buffer, start: number, end: number): void => {
      tuples.push(bytes.toString('hex', start, end))
    },
  }
  const stream = new CopyStream(sink, (bytes, start) => {
    messages += String.fromCharCode(bytes[start]!)
  })
  let before = 0
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      at = stream.push(chunk, at)
      if ('CZ'.includes(messages.at(-1) ?? ' ') && stops.at(-1) !== before + at)
        stops.push(before + at)
    }
    before += chunk.length
  }
  stream.end()
  return { tuples, messages, stops }
}

const FIRST = tuple('a', null)
const ROWS = [FIRST, tuple('', 'bc'), tuple('x'.repeat(300), 'y')]
const WHOLE = Buffer.concat([
  copy(ROWS),
  copy([]),
  message('N', Buffer.from('Mhi\0\0')),
  copy([FIRST]),
  READY,
])

describe('CopyStream', () => {
  it('passes every tuple and every other message of several statements', () => {
    const { tuples, messages } = run([WHOLE])
    expect(tuples).to.deep.equal([...ROWS, FIRST].map((row) => row.toString('hex')))
    expect(messages).to.equal('HcCHcCNHcCZ')
  })

  it('stops after each statement and after ReadyForQuery', () => {
    const ends = [copy(ROWS).length]
    ends.push(ends[0]! + copy([]).length)
    ends.push(WHOLE.length - READY.length, WHOLE.length)
    expect(run([WHOLE]).stops).to.deep.equal(ends)
  })

  it('gives the same result if the stream is split at any byte', () => {
    const { tuples, messages } = run([WHOLE])
    for (let split = 1; split < WHOLE.length; split++) {
      const seen = run([WHOLE.subarray(0, split), WHOLE.subarray(split)])
      expect(seen.tuples, `split at ${split}`).to.deep.equal(tuples)
      expect(seen.messages, `split at ${split}`).to.equal(messages)
    }
  })

  it('gives the same result if each byte is a chunk', () => {
    const seen = run(Array.from(WHOLE, (_, at) => WHOLE.subarray(at, at + 1)))
    expect(seen.tuples).to.deep.equal(run([WHOLE]).tuples)
    expect(seen.messages).to.equal(run([WHOLE]).messages)
  })

  it('copies a message that is split between chunks, so that chunks may be overwritten', () => {
    const bytes = Buffer.from(WHOLE)
    const chunks = [Buffer.from(bytes.subarray(0, 70)), Buffer.from(bytes.subarray(70))]
    const tuples: string[] = []
    const stream = new CopyStream(
      { tuple: (data, start, end) => tuples.push(data.toString('hex', start, end)) },
      () => undefined,
    )
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length;) at = stream.push(chunk, at)
      chunk.fill(0)
    }
    expect(tuples).to.deep.equal(run([WHOLE]).tuples)
  })

  it('skips the extension of the header', () => {
    const header = Buffer.concat([
      HEADER.subarray(0, 15),
      Buffer.from([0, 0, 0, 3]),
      Buffer.from('ext'),
    ])
    expect(run([copy(ROWS, header), READY]).tuples).to.have.length(3)
  })

  it('ignores flags that are not critical', () => {
    expect(run([copy(ROWS, headerWith(0xffff)), READY]).tuples).to.have.length(3)
  })

  it('accepts rows in the same message as the header', () => {
    const first = message('d', Buffer.concat([HEADER, FIRST]))
    const bytes = [COPY_OUT, first, message('d', TRAILER), COPY_DONE, complete(1), READY]
    expect(run([Buffer.concat(bytes)]).tuples).to.have.length(1)
  })

  it('accepts an error message anywhere in a COPY', () => {
    const error = message('E', Buffer.from('SERROR\0\0'))
    const bytes = Buffer.concat([COPY_OUT, message('d', HEADER), message('d', FIRST), error, READY])
    expect(run([bytes]).messages).to.equal('HEZ')
  })

  it('throws at the end of a stream that is cut inside a COPY', () => {
    const bytes = copy(ROWS)
    const inside = bytes.length - complete(3).length - COPY_DONE.length - 7
    for (let end = COPY_OUT.length; end <= inside; end++) {
      expect(() => run([bytes.subarray(0, end)]), `cut at ${end}`).to.throw(
        RangeError,
        'ended early',
      )
    }
  })

  for (const [what, parts] of [
    [
      'fewer rows than CommandComplete counts',
      [COPY_OUT, message('d', HEADER), message('d', TRAILER), COPY_DONE, complete(1)],
    ],
    [
      'more rows than CommandComplete counts',
      [
        COPY_OUT,
        message('d', HEADER),
        message('d', FIRST),
        message('d', TRAILER),
        COPY_DONE,
        complete(0),
      ],
    ],
    [
      'a tag that counts no rows',
      [
        COPY_OUT,
        message('d', HEADER),
        message('d', TRAILER),
        COPY_DONE,
        message('C', Buffer.from('COPY\0')),
      ],
    ],
    ['no trailer', [COPY_OUT, message('d', HEADER), COPY_DONE, complete(0)]],
    ['ReadyForQuery in a COPY', [COPY_OUT, message('d', HEADER), READY]],
    ['a COPY in a COPY', [COPY_OUT, COPY_OUT]],
    ['data before a COPY', [message('d', HEADER)]],
    [
      'data behind the trailer',
      [COPY_OUT, message('d', HEADER), message('d', TRAILER), message('d', FIRST)],
    ],
    ['no header', [COPY_OUT, message('d', FIRST)]],
    ...[16, 31].map(
      (bit) => [`a header with flag ${bit}`, [copy(ROWS, headerWith(1 << bit)), READY]] as const,
    ),
    ['a header that is cut', [COPY_OUT, message('d', HEADER.subarray(0, 18))]],
    [
      'a header with the length of an extension that is missing',
      [COPY_OUT, message('d', Buffer.concat([HEADER.subarray(0, 15), Buffer.from([0, 0, 0, 1])]))],
    ],
    ['an empty row', [COPY_OUT, message('d', HEADER), message('d')]],
    ['a CopyBothResponse', [message('W', Buffer.from([0, 0, 0]))]],
    ['an unknown message', [message('D', Buffer.from([0, 0]))]],
    ['a length below four', [Buffer.from('d\0\0\0\u0003', 'latin1')]],
    ['a negative length', [Buffer.from('d\xff\xff\xff\xff', 'latin1')]],
    ['a length beyond what the server can build', [Buffer.from('d\x7f\xff\xff\xff', 'latin1')]],
  ] as const) {
    it(`rejects ${what}`, () => {
      expect(() => run([Buffer.concat(parts)])).to.throw(RangeError, 'damaged COPY stream')
      const bytes = Array.from(Buffer.concat(parts), (byte) => Buffer.from([byte]))
      expect(() => run(bytes)).to.throw(RangeError, 'damaged COPY stream')
    })
  }
})
