import { expect } from 'chai'
import { tuple } from '../../testing/bytes.ts'
import { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { TRUNCATED, type PgType, type ValueWriter } from '../../types/pg-type.ts'
import { writeInt4 } from '../../types/numbers.ts'
import { textEntry } from '../../types/registry.ts'
import { writeNulled, writeString } from '../../types/text.ts'
import { RecordEncoder } from './record-encoder.ts'
import type { RecordField } from '../../replication/stream-plan.ts'

const STREAM = { namespace: 'public', name: 't' }
const TIME_MS = 1_700_000_000_123

function encode(
  fields: readonly RecordField[],
  tuples: readonly Buffer[],
  descriptor: { name: string; namespace?: string } = STREAM,
): string {
  const out = new ByteBuffer(1)
  const encoder = new RecordEncoder(out, descriptor, fields, { emittedAtMs: TIME_MS })
  for (const bytes of tuples) {
    const chunk = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('behind')])
    encoder.tuple(chunk, 6, 6 + bytes.length)
  }
  expect(encoder.rows).to.equal(tuples.length)
  return out.bytes.toString('utf8', 0, out.length)
}

const ID = { name: 'id', type: typeOf(writeInt4) }
const NOTE = { name: 'note', type: typeOf(writeString) }
const SEVEN = Buffer.from([0, 0, 0, 7])

function typeOf(writeBinary: ValueWriter): PgType {
  return { ...textEntry('any'), writeBinary }
}

function gone(name: string): RecordField {
  return { name, type: null }
}

const writeTruncated: ValueWriter = (out) => {
  out.latin1('"?"')
  return TRUNCATED
}
const nullUnlessEmpty: ValueWriter = (out, bytes, start, end) =>
  start === end ? writeString(out, bytes, start, end) : writeNulled(out)

describe('RecordEncoder', () => {
  it('writes a line for each tuple', () => {
    const lines = encode([ID, NOTE], [tuple(SEVEN, 'a'), tuple(null, null), tuple(SEVEN, '')])
    const end = `,"emitted_at":${TIME_MS}}}\n`
    const start = '{"type":"RECORD","record":{"namespace":"public","stream":"t","data":'
    expect(lines).to.equal(
      ['{"id":7,"note":"a"}', '{"id":null,"note":null}', '{"id":7,"note":""}']
        .map((data) => `${start}${data}${end}`)
        .join(''),
    )
  })

  it('writes no namespace for a stream without one', () => {
    const line = encode([ID], [tuple(SEVEN)], { name: 't' })
    expect(line).to.match(/^\{"type":"RECORD","record":\{"stream":"t","data":\{"id":7\},/)
  })

  it('writes null for fields that are not selected, at any position', () => {
    const fields = [gone('a'), ID, gone('b'), gone('c'), NOTE, gone('d')]
    const line = encode(fields, [tuple(SEVEN, 'x')])
    expect(line).to.include('{"a":null,"id":7,"b":null,"c":null,"note":"x","d":null}')
    expect(encode([gone('a')], [tuple()])).to.include('"data":{"a":null}')
  })

  it('writes an empty object for a relation without columns', () => {
    expect(encode([], [tuple()])).to.include('"data":{},"emitted_at"')
  })

  it('accepts any name', () => {
    const names = ['"', '\\', '\n', 'é', '\u{1f600}'.repeat(9), '__proto__', 'ÿÿÿÿÿÿÿÿ', '']
    for (const name of names) {
      const line = encode([{ name, type: typeOf(writeInt4) }], [tuple(SEVEN)], {
        name,
        namespace: name,
      })
      const { record } = JSON.parse(line)
      expect(record.namespace).to.equal(name)
      expect(record.stream).to.equal(name)
      expect(Object.entries(record.data)).to.deep.equal([[name, 7]])
    }
  })

  it('lists nulled and truncated values in meta.changes, in this record only', () => {
    const fields = [
      ID,
      { name: 'a"', type: typeOf(nullUnlessEmpty) },
      { name: 'b', type: typeOf(writeTruncated) },
    ]
    const lines = encode(fields, [tuple(SEVEN, 'x', 'y'), tuple(SEVEN, '', null)]).split('\n')
    expect(JSON.parse(lines[0] ?? '').record).to.deep.equal({
      namespace: 'public',
      stream: 't',
      data: { id: 7, 'a"': null, b: '?' },
      emitted_at: TIME_MS,
      meta: {
        changes: [
          { field: 'a"', change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' },
          { field: 'b', change: 'TRUNCATED', reason: 'SOURCE_SERIALIZATION_ERROR' },
        ],
      },
    })
    expect(JSON.parse(lines[1] ?? '').record).not.to.have.property('meta')
  })

  const whole = tuple(SEVEN, 'abc')
  for (const [what, bytes] of [
    ['another number of fields', tuple(SEVEN)],
    ['a field of another size', tuple(Buffer.alloc(3), 'abc')],
    ['a negative length', Buffer.concat([Buffer.from([0, 2]), Buffer.alloc(4, 0xfe)])],
    ['bytes behind the last field', Buffer.concat([whole, Buffer.alloc(1)])],
    ...Array.from(
      { length: whole.length },
      (_, end) => [`a cut at ${end}`, whole.subarray(0, end)] as const,
    ),
  ] as const) {
    it(`rejects ${what} and removes the incomplete row from the output`, () => {
      const out = new ByteBuffer(1)
      const encoder = new RecordEncoder(out, STREAM, [ID, NOTE], { emittedAtMs: TIME_MS })
      encoder.tuple(whole, 0, whole.length)
      const { length } = out
      expect(() => encoder.tuple(bytes, 0, bytes.length)).to.throw(RangeError, 'damaged')
      expect(out.length).to.equal(length)
      expect(encoder.rows).to.equal(1)
      encoder.tuple(whole, 0, whole.length)
      expect(out.length).to.equal(2 * length)
    })
  }
})
