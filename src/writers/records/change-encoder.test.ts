import { expect } from 'chai'
import { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { ChangeColumns, changeTime } from '../../replication/change-columns.ts'
import type { BoundColumn } from '../../replication/feed.ts'
import type { RecordField } from '../../replication/stream-plan.ts'
import { writeInt4 } from '../../types/numbers.ts'
import type { PgType } from '../../types/pg-type.ts'
import { textEntry } from '../../types/registry.ts'
import { writeNulled } from '../../types/text.ts'
import { UNCHANGED, tupleData } from '../../testing/log-bytes.ts'
import { LogTuple } from '../../wire/log-tuple.ts'
import { RecordEncoder } from './record-encoder.ts'

const STREAM = { namespace: 'public', name: 't' }
const TIME_MS = 1_700_000_000_123
const TEXT = textEntry('text')
const INT4: PgType = { ...textEntry('int4'), writeBinary: writeInt4 }
const NULLED: PgType = { ...textEntry('date'), writeText: writeNulled }
const ID = { name: 'id', type: INT4 }
const NOTE = { name: 'note', type: TEXT }
const GONE = { name: 'gone', type: null }

interface Setup {
  readonly fields: readonly RecordField[]
  readonly columns: readonly (BoundColumn | null)[]
  readonly changeColumns?: ChangeColumns
}

function tupleOf(bytes: Buffer): LogTuple {
  const tuple = new LogTuple()
  tuple.read(bytes, 0, bytes.length, bytes.readUInt16BE())
  return tuple
}

function encode({ fields, columns, changeColumns }: Setup, ...tuples: readonly Buffer[]): string[] {
  const out = new ByteBuffer(1)
  const options = { emittedAtMs: TIME_MS, ...(changeColumns && { changeColumns }) }
  const encoder = new RecordEncoder(out, STREAM, fields, options)
  const sink = encoder.bind(columns)
  for (const bytes of tuples) sink.change(tupleOf(bytes))
  expect(encoder.rows).to.equal(tuples.length)
  return out.bytes.toString('utf8', 0, out.length).split('\n').slice(0, -1)
}

function dataOf(line: string | undefined): unknown {
  return JSON.parse(line ?? '').record.data
}

const SEVEN = Buffer.from([0, 0, 0, 7])
const PLAIN = {
  fields: [ID, GONE, NOTE],
  columns: [{ index: 2, type: INT4 }, null, { index: 0, type: TEXT }],
}

describe('ChangeEncoder', () => {
  it('writes the fields in their order, independently of the column order of the relation', () => {
    const [line] = encode(PLAIN, tupleData('a', 'not selected', SEVEN))
    const start = '{"type":"RECORD","record":{"namespace":"public","stream":"t","data":'
    expect(line).to.equal(`${start}{"id":7,"gone":null,"note":"a"},"emitted_at":${TIME_MS}}}`)
  })

  it('writes nulls, and null for columns that the relation does not have', () => {
    const { fields } = PLAIN
    const lines = encode(
      { fields, columns: [null, null, { index: 0, type: TEXT }] },
      tupleData(null),
    )
    expect(dataOf(lines[0])).to.deep.equal({ id: null, gone: null, note: null })
    expect(lines[0]).not.to.include('meta')
  })

  it('reports an unchanged value that is not in the log, in this record only', () => {
    const columns = [{ index: 0, type: NULLED }, null, { index: 1, type: TEXT }]
    const lines = encode(
      { fields: PLAIN.fields, columns },
      tupleData('never', UNCHANGED),
      tupleData(null, 'a'),
    )
    expect(JSON.parse(lines[0] ?? '').record).to.deep.equal({
      namespace: 'public',
      stream: 't',
      data: { id: null, gone: null, note: null },
      emitted_at: TIME_MS,
      meta: {
        changes: [
          { field: 'id', change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' },
          { field: 'note', change: 'NULLED', reason: 'SOURCE_RETRIEVAL_ERROR' },
        ],
      },
    })
    expect(JSON.parse(lines[1] ?? '').record).not.to.have.property('meta')
  })

  it('appends the change columns, exact beyond 2^53', () => {
    const changeColumns = new ChangeColumns()
    const out = new ByteBuffer(1)
    const encoder = new RecordEncoder(out, STREAM, [NOTE], { emittedAtMs: TIME_MS, changeColumns })
    const sink = encoder.bind([{ index: 0, type: TEXT }])
    const expected: string[] = []
    for (const [lsn, micros, isDeleted] of [
      [0n, 0n, false],
      [2n ** 53n + 1n, 0n, true],
      [2n ** 64n - 1n, -1n, true],
      [26_510_512n, 815_401_600_000_000n, false],
    ] as const) {
      changeColumns.setLsn(lsn)
      changeColumns.updatedAt = changeTime(micros)
      changeColumns.isDeleted = isDeleted
      sink.change(tupleOf(tupleData('a')))
      const time = `"${changeColumns.updatedAt}"`
      const columns = `"_ab_cdc_lsn":${lsn},"_ab_cdc_updated_at":${time},"_ab_cdc_deleted_at":${isDeleted ? time : 'null'}`
      expected.push(`"data":{"note":"a",${columns}},"emitted_at":${TIME_MS}}}\n`)
    }
    const text = out.bytes.toString('utf8', 0, out.length)
    expect(text.match(/"data".*\n/g)).to.deep.equal(expected)
  })

  it('appends the change columns to rows of COPY, to a relation without columns, and before meta', () => {
    const changeColumns = new ChangeColumns()
    changeColumns.updatedAt = 'now'
    const out = new ByteBuffer(1)
    const options = { emittedAtMs: TIME_MS, changeColumns }
    new RecordEncoder(out, STREAM, [], options).tuple(Buffer.from([0, 0]), 0, 2)
    const encoder = new RecordEncoder(out, STREAM, [ID], options)
    encoder.tuple(Buffer.from([0, 1, 0, 0, 0, 4, 0, 0, 0, 7]), 0, 10)
    encoder.bind([{ index: 0, type: TEXT }]).change(tupleOf(tupleData(UNCHANGED)))
    const lines = out.bytes.toString('utf8', 0, out.length).split('\n')
    const columns = { _ab_cdc_lsn: 0, _ab_cdc_updated_at: 'now', _ab_cdc_deleted_at: null }
    expect(lines.slice(0, 3).map(dataOf)).to.deep.equal([
      columns,
      { id: 7, ...columns },
      { id: null, ...columns },
    ])
    expect(JSON.parse(lines[2] ?? '').record.meta.changes).to.have.length(1)
  })

  it('removes an incomplete row from the output if it fails', () => {
    const out = new ByteBuffer(1)
    const encoder = new RecordEncoder(out, STREAM, [NOTE, ID], { emittedAtMs: TIME_MS })
    const sink = encoder.bind([
      { index: 0, type: TEXT },
      { index: 1, type: INT4 },
    ])
    sink.change(tupleOf(tupleData('a', SEVEN)))
    const { length } = out
    expect(() => sink.change(tupleOf(tupleData('a', Buffer.alloc(3))))).to.throw(RangeError)
    expect(() => sink.change(tupleOf(tupleData(SEVEN, SEVEN)))).to.throw(
      RangeError,
      'not requested',
    )
    expect(out.length).to.equal(length)
    expect(encoder.rows).to.equal(1)
    sink.change(tupleOf(tupleData('a', SEVEN)))
    expect(out.length).to.equal(2 * length)
  })
})

describe('changeTime', () => {
  it('has six decimals and UTC', () => {
    expect(changeTime(815_401_600_000_000n)).to.equal('2025-11-02T12:26:40.000000Z')
    expect(changeTime(1n)).to.equal('2000-01-01T00:00:00.000001Z')
  })
})
