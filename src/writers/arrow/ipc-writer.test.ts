import { Field, Int32, RecordBatchReader, Schema } from 'apache-arrow'
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import manifest from '../../../package.json' with { type: 'json' }
import { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { bytesOf, IpcWriter } from './ipc-writer.ts'

/** Size of `ARROW1` and two bytes of padding. */
const MAGIC_BYTES = 8

const SCHEMA = new Schema([new Field('n', new Int32())])

/**
 * Writes a file or stream with one batch of `values`, which are overwritten immediately afterwards.
 */
function write(values: Int32Array, format: 'file' | 'stream'): Buffer {
  const out = new ByteBuffer(1024)
  const writer = new IpcWriter(out, SCHEMA, format)
  const buffers = [new Uint8Array(0), bytesOf(values)]
  writer.write({ rows: values.length, columns: [{ nullCount: 0, buffers }] })
  values.fill(0)
  writer.finish()
  return Buffer.from(out.bytes.subarray(0, out.length))
}

function rowsOf(bytes: Uint8Array): unknown[] {
  return [...RecordBatchReader.from(bytes)].flatMap((batch) => [...(batch.getChild('n') ?? [])])
}

describe('the use of apache-arrow internals', () => {
  it('package.json pins the installed version', () => {
    const library = new URL('package.json', import.meta.resolve('apache-arrow'))
    expect(JSON.parse(readFileSync(library, 'utf8'))).to.include({
      version: manifest.dependencies['apache-arrow'],
    })
  })

  it('after the magic bytes, a file is a stream that begins with the schema', () => {
    const file = write(Int32Array.of(1, 2, 3), 'file')
    expect(rowsOf(file)).to.deep.equal([1, 2, 3])
    expect(rowsOf(file.subarray(MAGIC_BYTES))).to.deep.equal([1, 2, 3])
  })

  it('write copies the batch into the buffer', () => {
    expect(rowsOf(write(Int32Array.of(7, 8, 9), 'stream'))).to.deep.equal([7, 8, 9])
  })
})
