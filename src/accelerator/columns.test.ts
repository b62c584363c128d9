import { expect } from 'chai'
import { ByteBuffer } from '../bytes/byte-buffer.ts'
import { BINARY_VALUES, type BinaryValues } from '../testing/binary-values.ts'
import { int, tuple } from '../testing/bytes.ts'
import { chunksOf, rowsOf } from '../testing/copy-chunks.ts'
import { Random } from '../testing/random.ts'
import type { PgType } from '../types/pg-type.ts'
import { findEntry } from '../types/registry.ts'
import { CopyStream } from '../wire/copy-stream.ts'
import { makeChangeColumns, withChangeColumns } from '../writers/arrow/arrow-change-columns.ts'
import { arrowColumn, type ArrowOptions, arrowSchema } from '../writers/arrow/arrow-fields.ts'
import { ArrowSink } from '../writers/arrow/arrow-sink.ts'
import { parserOf } from '../writers/arrow/columns/text-forms.ts'
import { IpcWriter } from '../writers/arrow/ipc-writer.ts'
import { AcceleratorSource } from './accelerator-source.ts'

/** A column of a type, and a generator of its values. */
interface TypedValues {
  readonly name: string
  readonly type: PgType
  readonly make: BinaryValues['make']
}

interface Options extends ArrowOptions {
  readonly batchRows: number
  /** Number of columns of the stream that the tuples do not have. */
  readonly unselected?: number
  readonly hasChanges?: boolean
}

const SOURCE = new AcceleratorSource('always', (reason) => {
  throw new Error(reason)
})
const FORMS = [{ isExact: false }, { isExact: true }]

function typeOf(name: string): PgType {
  const entry = findEntry({ schema: 'pg_catalog', name, extension: null })
  if (entry === undefined) throw new Error(`no type ${name}`)
  return entry
}

/** The values of an op, in the type with its binary form or in a type of text. */
function typedValues({ name, write, make }: BinaryValues): TypedValues {
  const found = findEntry({ schema: 'pg_catalog', name: name.toLowerCase(), extension: null })
  const type = found?.writeBinary === write ? found : { ...typeOf('text'), writeBinary: write }
  return { name, type, make }
}

function decimals(precision: number, scale: number): TypedValues {
  const type = { ...typeOf('numeric'), decimal: { precision, scale } }
  const parse = parserOf('decimal', type)!
  const make = (random: Random): Buffer => {
    if (random.oneIn(30)) return Buffer.from('00000000c0000000', 'hex')
    const digits = random.digits(random.between(1, precision)).padStart(scale + 1, '0')
    const whole = digits.slice(0, digits.length - scale)
    const zeros = scale < 0 && Number(whole) > 0 ? '0'.repeat(-scale) : ''
    const fraction = scale > 0 ? `.${digits.slice(-scale)}` : ''
    return parse(`${random.oneIn(3) ? '-' : ''}${whole}${zeros}${fraction}`)!
  }
  return { name: `numeric(${precision},${scale})`, type, make }
}

const float4: TypedValues = {
  name: 'float4',
  type: typeOf('float4'),
  make: (random) => {
    const bytes = Buffer.alloc(4)
    bytes.writeFloatBE(random.pick([0, -0, NaN, Infinity, -Infinity, 0.1, random.below(1e6) / 7]))
    return bytes
  },
}

/** Timestamps around the limits of an int64 since 1970, in microseconds and in nanoseconds. */
const limits: TypedValues = {
  name: 'timestamp at its limits',
  type: typeOf('timestamp'),
  make: (random) => {
    const limit = random.pick([
      -(2n ** 63n),
      2n ** 63n - 1n,
      2n ** 63n - 1n - 946_684_800_000_000n,
      -10_170_056_836_854_775n,
      8_276_687_236_854_775n,
    ])
    return int(8, limit + BigInt(random.between(-2, 2)))
  },
}

const VALUES: readonly TypedValues[] = [
  ...BINARY_VALUES.map(typedValues),
  float4,
  limits,
  decimals(4, 0),
  decimals(12, 2),
  decimals(18, 9),
  decimals(38, 10),
  decimals(38, 38),
  decimals(40, 7),
  decimals(76, 30),
  decimals(20, -3),
  decimals(200, 3),
]

/** Returns the IPC stream of the batches of a COPY. */
function encode(
  values: readonly TypedValues[],
  chunks: readonly Buffer[],
  source: AcceleratorSource | null,
  options: Options,
) {
  const named = values.map(({ type }, index) => ({ name: `${index}`, type, isNullable: true }))
  const all = [...named]
  for (let i = 0; i < (options.unselected ?? 0); i++) {
    all.splice(i * 2, 0, { name: `gone ${i}`, type: typeOf('text'), isNullable: true })
  }
  const changeColumns = options.hasChanges === true ? makeChangeColumns() : null
  if (changeColumns !== null) changeColumns.values.updatedAt = '2020-01-01T00:00:00Z'
  const schema = arrowSchema(changeColumns === null ? all : withChangeColumns(all), options)
  const fields = all.map(({ name, type }) => ({
    column: arrowColumn(type, options),
    parse: null,
    typeName: type.name,
    isSelected: !name.startsWith('gone'),
  }))
  const out = new ByteBuffer(1024)
  const ipc = new IpcWriter(out, schema, 'stream')
  const sink = new ArrowSink(fields, {
    batchRows: options.batchRows,
    onBatch: (batch) => ipc.write(batch),
    changeColumns,
    accelerators: source,
  })
  let handedBack = 0
  const original = sink.tuple.bind(sink)
  sink.tuple = (...row) => {
    handedBack++
    original(...row)
  }
  let failure: unknown = null
  try {
    const stream = new CopyStream(sink, () => undefined)
    for (const chunk of chunks) for (let at = 0; at < chunk.length;) at = stream.push(chunk, at)
    stream.end()
  } catch (error) {
    failure = error
  }
  sink.cut()
  ipc.finish()
  return {
    stream: Buffer.from(out.bytes.subarray(0, out.length)),
    facts: {
      failure: String(failure),
      rows: sink.rows,
      losses: fields.map(({ column }) => column.losses),
    },
    handedBack,
  }
}

/**
 * Fails if the module makes different batches; returns the share of rows that the module encoded.
 */
function compare(
  values: readonly TypedValues[],
  chunks: readonly Buffer[],
  options: Options,
): number {
  const expected = encode(values, chunks, null, options)
  const actual = encode(values, chunks, SOURCE, options)
  expect(actual.facts).to.deep.equal(expected.facts)
  expect(actual.stream.equals(expected.stream)).to.equal(true)
  return 1 - actual.handedBack / actual.facts.rows
}

describe('BulkColumns', function () {
  this.timeout(20_000)

  for (const values of VALUES) {
    it(`encodes the columns of ${values.name} like ArrowSink`, () => {
      const random = new Random(1)
      const rows = Array.from({ length: 3000 }, () => tuple(values.make(random)))
      for (const form of FORMS) {
        const chunks = chunksOf(rows, () => 100_000)
        expect(compare([values], chunks, { ...form, batchRows: 1001 })).to.be.above(0.4)
      }
    })
  }

  it('encodes any columns, chunks and batches like ArrowSink', () => {
    let shares = 0
    for (let seed = 1; seed <= 100; seed++) {
      const random = new Random(seed)
      const columns = Array.from({ length: random.below(30) }, () => random.pick(VALUES))
      const most = random.pick([3, 100, 10_000, 1_000_000])
      const rows = rowsOf(random, columns, random.between(1, most === 3 ? 20 : 200))
      if (random.oneIn(5)) rows.push(Buffer.concat([rows[0]!, Buffer.of(0)]))
      shares += compare(
        columns,
        chunksOf(rows, () => random.between(1, most)),
        {
          isExact: random.oneIn(2),
          batchRows: random.pick([1, 7, 64, 10_000]),
          unselected: random.below(Math.min(3, columns.length + 1)),
          hasChanges: random.oneIn(4),
        },
      )
    }
    expect(shares).to.be.above(5)
  })

  it('encodes the same columns if the stream is split at any byte', () => {
    const random = new Random(7)
    const rows = rowsOf(random, VALUES, 2)
    const { length } = Buffer.concat(chunksOf(rows, () => 1_000_000))
    for (let split = 1; split < length; split += 7) {
      compare(
        VALUES,
        chunksOf(rows, () => split),
        { isExact: true, batchRows: 10 },
      )
    }
  })

  it('leaves a row with a damaged field to ArrowSink', () => {
    const values = [
      VALUES.find(({ name }) => name === 'Int4')!,
      VALUES.find(({ name }) => name === 'Bool')!,
    ]
    const good = tuple(Buffer.alloc(4), Buffer.alloc(1))
    const head = good.subarray(0, good.length - 5)
    for (const damaged of [
      tuple(Buffer.alloc(4)),
      tuple(Buffer.alloc(5), Buffer.alloc(1)),
      tuple(Buffer.alloc(4), Buffer.alloc(2)),
      good.subarray(0, -1),
      Buffer.concat([good, Buffer.of(0)]),
      Buffer.concat([head, Buffer.from('80000000', 'hex'), Buffer.from('x')]),
      Buffer.concat([head, Buffer.from('fffffffe', 'hex'), Buffer.from('x')]),
      Buffer.concat([head, Buffer.from('7fffffff', 'hex'), Buffer.from('x')]),
    ]) {
      const chunks = chunksOf([good, good, damaged, good], () => 1000)
      const options = { isExact: false, batchRows: 10 }
      expect(encode(values, chunks, null, options).facts.failure).to.include('damaged')
      compare(values, chunks, options)
    }
  })

  it('passes rows that are larger than its memory or would end a batch to ArrowSink', () => {
    const text = VALUES.find(({ name }) => name === 'Text')!
    for (const count of [131_000, 131_100, 3_000_000]) {
      const rows = ['a', 'x'.repeat(count), 'b', 'x'.repeat(1000)].map((value) => tuple(value))
      for (const size of [65_536, 262_144]) {
        const chunks = chunksOf(Array.from({ length: 25 }, () => rows).flat(), () => size)
        compare([text], chunks, { isExact: false, batchRows: 10_000 })
      }
    }
  })

  it('continues when its output is full', () => {
    const values = [decimals(76, 0), decimals(76, 1), decimals(76, 2), decimals(76, 3)]
    const rows = Array.from({ length: 20_000 }, () => tuple(null, null, null, null))
    const chunks = chunksOf(rows, () => 262_144)
    const options = { isExact: true, batchRows: 100_000 }
    expect(compare(values, chunks, options)).to.be.above(0.9)
  })

  it('calls the writer of a value that needs more room than reserved', () => {
    const numeric = VALUES.find(({ name }) => name === 'Numeric')!
    const long = Buffer.concat([1, 2000, 0, 0, 1].map((word) => int(2, word)))
    const short = Buffer.concat([1, 0, 0, 0, 1].map((word) => int(2, word)))
    const rows = Array.from({ length: 500 }, (_, n) => tuple(n % 3 === 0 ? long : short))
    const chunks = chunksOf(rows, () => 262_144)
    expect(compare([numeric], chunks, { isExact: true, batchRows: 100 })).to.be.closeTo(2 / 3, 0.01)
  })
})
