import { expect } from 'chai'
import { ByteBuffer } from '../bytes/byte-buffer.ts'
import { BINARY_VALUES } from '../testing/binary-values.ts'
import { tuple } from '../testing/bytes.ts'
import { chunksOf, rowsOf } from '../testing/copy-chunks.ts'
import { Random } from '../testing/random.ts'
import { EXACT, TRUNCATED, type ValueWriter } from '../types/pg-type.ts'
import { writeInt4, writeInt8 } from '../types/numbers.ts'
import { textEntry } from '../types/registry.ts'
import { writeString } from '../types/text.ts'
import { CopyStream } from '../wire/copy-stream.ts'
import { ChangeColumns } from '../replication/change-columns.ts'
import type { RecordField } from '../replication/stream-plan.ts'
import { RecordEncoder } from '../writers/records/record-encoder.ts'
import { AcceleratorSource } from './accelerator-source.ts'

const STREAM = { namespace: 'a "schema"', name: 'täble' }
const TIME_MS = 1_700_000_000_123
const SOURCE = new AcceleratorSource('always', (reason) => {
  throw new Error(reason)
})

/** A field whose values are written by `write`; null: it is always null. */
function field(name: string, write: ValueWriter | null): RecordField {
  return { name, type: write && { ...textEntry('any'), writeBinary: write } }
}

/**
 * Returns the output of an encoder, its number of rows, and with the module, how many of them the
 * module wrote.
 */
function encode(
  fields: readonly RecordField[],
  chunks: readonly Buffer[],
  source: AcceleratorSource | null,
) {
  const out = new ByteBuffer(16)
  const encoder = new RecordEncoder(out, STREAM, fields, {
    emittedAtMs: TIME_MS,
    accelerators: source,
  })
  let handedBack = 0
  const original = encoder.tuple.bind(encoder)
  encoder.tuple = (...row) => {
    handedBack++
    original(...row)
  }
  const stream = new CopyStream(encoder, () => undefined)
  let failure: unknown = null
  try {
    for (const chunk of chunks) for (let at = 0; at < chunk.length;) at = stream.push(chunk, at)
    stream.end()
  } catch (error) {
    failure = error
  }
  const lines = Buffer.from(out.bytes.subarray(0, out.length))
  return { lines, rows: encoder.rows, handedBack, failure: String(failure) }
}

/**
 * Fails at the first line that the module writes differently; returns the share of rows that the
 * module wrote.
 */
function compare(fields: readonly RecordField[], chunks: readonly Buffer[]): number {
  const expected = encode(fields, chunks, null)
  const actual = encode(fields, chunks, SOURCE)
  if (!actual.lines.equals(expected.lines)) {
    const lines = expected.lines.toString('latin1').split('\n')
    actual.lines
      .toString('latin1')
      .split('\n')
      .forEach((line, i) => expect(line).to.equal(lines[i]))
  }
  expect(actual.lines.equals(expected.lines)).to.equal(true)
  expect(actual.rows).to.equal(expected.rows)
  expect(actual.failure).to.equal(expected.failure)
  return 1 - actual.handedBack / actual.rows
}

const writeFlagged: ValueWriter = (out, bytes, start, end) => {
  writeString(out, bytes, start, end)
  return isMarked(bytes, start) ? TRUNCATED : EXACT
}

const writeLong: ValueWriter = (out, bytes, start) => {
  out.latin1(`"${'y'.repeat(isMarked(bytes, start) ? 2_000_000 : 10)}"`)
  return EXACT
}

function isMarked(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0x21 /* ! */
}

describe('Accelerator', function () {
  this.timeout(20_000)

  for (const values of BINARY_VALUES) {
    it(`writes the same bytes as the writer of ${values.name}`, () => {
      const random = new Random(1)
      const rows = Array.from({ length: 3000 }, () => tuple(values.make(random)))
      const share = compare(
        [field('value', values.write)],
        chunksOf(rows, () => 100_000),
      )
      expect(share).to.be.above(0.4)
    })
  }

  it('writes the same lines as RecordEncoder for any columns and chunks', () => {
    let shares = 0
    for (let seed = 1; seed <= 100; seed++) {
      const random = new Random(seed)
      const columns = Array.from({ length: random.below(30) }, () => random.pick(BINARY_VALUES))
      const fields: RecordField[] = columns.map(({ write }, index) => field(`"${index}" é`, write))
      if (random.oneIn(2)) fields.splice(random.below(fields.length + 1), 0, field('gone', null))
      const most = random.pick([3, 100, 10_000, 1_000_000])
      const rows = rowsOf(random, columns, random.between(1, most === 3 ? 20 : 200))
      if (random.oneIn(5)) rows.push(Buffer.concat([rows[0]!, Buffer.of(0)]))
      const chunks = chunksOf(rows, () => random.between(1, most))
      shares += compare(fields, chunks)
    }
    expect(shares).to.be.above(5)
  })

  it('writes the same lines if the stream is split at any byte', () => {
    const random = new Random(7)
    const fields = BINARY_VALUES.map(({ name, write }) => field(name, write))
    const rows = rowsOf(random, BINARY_VALUES, 2)
    const { length } = Buffer.concat(chunksOf(rows, () => 1_000_000))
    for (let split = 1; split < length; split++)
      compare(
        fields,
        chunksOf(rows, () => split),
      )
  })

  it('leaves a row with a damaged field to RecordEncoder', () => {
    const good = tuple(Buffer.alloc(4), 'x')
    const head = good.subarray(0, good.length - 5)
    for (const damaged of [
      tuple(Buffer.alloc(4)),
      tuple(Buffer.alloc(5), 'x'),
      good.subarray(0, -1),
      Buffer.concat([good, Buffer.of(0)]),
      Buffer.concat([head, Buffer.from('80000000', 'hex'), Buffer.from('x')]),
      Buffer.concat([head, Buffer.from('fffffffe', 'hex'), Buffer.from('x')]),
      Buffer.concat([head, Buffer.from('7fffffff', 'hex'), Buffer.from('x')]),
    ]) {
      const fields = [field('i', writeInt4), field('t', writeString)]
      const chunks = chunksOf([good, good, damaged, good], () => 1000)
      expect(encode(fields, chunks, null).failure).to.include('damaged')
      compare(fields, chunks)
    }
  })

  it('passes rows that are larger than its memory to RecordEncoder', () => {
    const fields = [field('text', writeString)]
    for (const [letter, count] of [
      ['x', 131_000],
      ['x', 131_100],
      ['x', 3_000_000],
      ['\u0001', 120_000],
      ['\u0001', 200_000],
      ['"', 100_000],
    ] as const) {
      const rows = ['a', letter.repeat(count), 'b', letter.repeat(1000)].map((value) =>
        tuple(value),
      )
      for (const size of [65_536, 262_144]) {
        compare(
          fields,
          chunksOf([...rows, ...rows, ...rows], () => size),
        )
      }
    }
  })

  it('continues when its output is full', () => {
    const rows = Array.from({ length: 5000 }, () => tuple('\u0001'.repeat(300)))
    const chunks = chunksOf(rows, () => 262_144)
    expect(compare([field('text', writeString)], chunks)).to.be.above(0.9)
  })

  it('calls the writer of a type without an op, and leaves the row to RecordEncoder if the value is flagged', () => {
    for (const write of [writeFlagged, writeLong]) {
      const rows = ['a', 'b', '!', 'c', '!', 'd', 'e', 'f'].map((value) =>
        tuple(value, Buffer.alloc(8)),
      )
      const fields = [field('special', write), field('number', writeInt8)]
      // The first row and the header of COPY are one message
      expect(
        compare(
          fields,
          chunksOf(rows, () => 10_000),
        ),
      ).to.equal(5 / 8)
    }
  })

  it('uses the current change columns, which differ between chunks', () => {
    const row = tuple(Buffer.from([0, 0, 0, 7]))
    const lines = [null, SOURCE].map((accelerators) => {
      const out = new ByteBuffer(16)
      const changeColumns = new ChangeColumns()
      const options = { emittedAtMs: TIME_MS, changeColumns, accelerators }
      const encoder = new RecordEncoder(out, STREAM, [field('id', writeInt4)], options)
      const stream = new CopyStream(encoder, () => undefined)
      chunksOf([row, row, row, row, row], () => 40).forEach((chunk, index) => {
        changeColumns.setLsn(BigInt(Math.floor(index / 2)) << 31n)
        changeColumns.updatedAt = `at ${Math.floor(index / 4)}`
        for (let at = 0; at < chunk.length;) at = stream.push(chunk, at)
      })
      return out.bytes.toString('utf8', 0, out.length)
    })
    expect(lines[1]).to.equal(lines[0])
    expect(lines[1]).to.include('"_ab_cdc_lsn":2147483648')
  })

  it('encodes any number of streams in turn', () => {
    const row = tuple(Buffer.from([0, 0, 0, 7]))
    for (let index = 0; index < 3000; index++) {
      const name = `${index}`.padEnd(400, 'x')
      const chunks = chunksOf([row, row, row], () => 10_000)
      expect(compare([field(name, writeInt4)], chunks)).to.be.closeTo(2 / 3, 0.01)
    }
  })

  it('leaves a stream to RecordEncoder if its names do not fit into its memory', () => {
    const fields = Array.from({ length: 1600 }, (_, index) => field(`${index}`.repeat(400), null))
    const row = tuple(Buffer.from([0, 0, 0, 7]))
    const chunks = chunksOf([row, row], () => 10_000)
    expect(compare([...fields, field('id', writeInt4)], chunks)).to.equal(0)
  })
})

describe('AcceleratorSource', () => {
  it('returns no accelerator in the first 64 KiB of a stream', () => {
    const source = new AcceleratorSource('bulk', () => undefined)
    const row = tuple(Buffer.alloc(8))
    const rows = Array.from({ length: 100_000 }, () => row)
    const { handedBack } = encode(
      [field('n', writeInt8)],
      chunksOf(rows, () => 10_000),
      source,
    )
    const bytes = handedBack * (5 + row.length)
    expect(bytes).to.be.within(40_000, 70_000)
  })

  it('returns no accelerator if it is switched off', () => {
    expect(new AcceleratorSource('off', () => undefined).get()).to.equal(null)
  })
})
