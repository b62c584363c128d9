import { expect } from 'chai'
import { constants } from 'node:buffer'
import { ByteBuffer, KEPT_BYTES } from './byte-buffer.ts'

function contents(buffer: ByteBuffer): string {
  return buffer.bytes.toString('utf8', 0, buffer.length)
}

describe('ByteBuffer', () => {
  it('grows, keeps its content and shows new storage in both views', () => {
    const buffer = new ByteBuffer(2)
    for (const letter of 'abcdefghij') buffer.byte(letter.charCodeAt(0))
    expect(contents(buffer)).to.equal('abcdefghij')
    expect(buffer.view.getUint8(9)).to.equal('j'.charCodeAt(0))
    expect(buffer.view.byteLength).to.equal(buffer.bytes.length)
  })

  it('reserves room for words after its content', () => {
    const buffer = new ByteBuffer(1)
    buffer.byte(0x61)
    buffer.reserve(8)
    buffer.view.setFloat64(buffer.length, 1.5)
    expect(buffer.bytes.readDoubleBE(1)).to.equal(1.5)
  })

  for (const count of [0, 1, 31, 32, 33, 5000]) {
    it(`copies ${count} bytes from the middle of others`, () => {
      const source = Buffer.from(`<${'x'.repeat(count)}>`)
      const buffer = new ByteBuffer(1)
      buffer.copy(source, 1, 1 + count)
      expect(contents(buffer)).to.equal('x'.repeat(count))
    })

    it(`appends ${count} Latin-1 characters, a byte each`, () => {
      const buffer = new ByteBuffer(1)
      buffer.latin1('\u00ff'.repeat(count))
      expect(buffer.bytes.toString('latin1', 0, buffer.length)).to.equal('\u00ff'.repeat(count))
      expect(buffer.length).to.equal(count)
    })
  }

  for (const text of ['', 'a', 'é', '€', '😀', '\u2028', 'x'.repeat(100), '😀€é'.repeat(50)]) {
    it(`appends ${JSON.stringify(text.slice(0, 8))} × ${text.length} as UTF-8`, () => {
      const buffer = new ByteBuffer(1)
      buffer.utf8('<')
      buffer.utf8(text)
      buffer.utf8('>')
      expect(contents(buffer)).to.equal(`<${text}>`)
    })
  }

  it('grows beyond 2^31 bytes, up to what Node.js allows', () => {
    const buffer = new ByteBuffer(2 ** 31 + 8)
    buffer.reserve(buffer.bytes.length + 1)
    expect(buffer.bytes.length)
      .to.be.above(2 ** 31 + 8)
      .and.at.most(constants.MAX_LENGTH)
  })

  it('keeps its storage when it is emptied, unless that has grown beyond a limit', () => {
    const buffer = new ByteBuffer(4)
    buffer.utf8('x'.repeat(10))
    const { bytes } = buffer
    buffer.reset(bytes.length)
    expect(buffer.bytes).to.equal(bytes)
    expect(buffer.length).to.equal(0)
    buffer.utf8('x'.repeat(bytes.length + 1))
    buffer.reset(bytes.length)
    expect(buffer.bytes.length).to.equal(4)
    expect(buffer.view.byteLength).to.equal(4)
    buffer.utf8('y')
    expect(contents(buffer)).to.equal('y')
  })

  it('releases the storage of a value larger than 1 MiB', () => {
    const buffer = new ByteBuffer(64)
    buffer.reserve(KEPT_BYTES + 1)
    buffer.reset()
    expect(buffer.bytes.length).to.equal(64)
  })

  it('restarts in other storage', () => {
    const buffer = new ByteBuffer(4)
    buffer.utf8('old')
    const storage = Buffer.alloc(16)
    buffer.replaceStorage(storage)
    buffer.utf8('new')
    expect(contents(buffer)).to.equal('new')
    expect(storage.toString('utf8', 0, 3)).to.equal('new')
  })
})
