import { expect } from 'chai'
import { written } from '../../testing/written.ts'
import { binaryArrayWriter } from './array-binary.ts'
import { writeInt4 } from '../numbers.ts'
import { EXACT, NULLED } from '../pg-type.ts'
import { writeDate } from '../temporal.ts'

const INFINITY = 0x7fff_ffff

/** Returns what array_send returns for an array of 4-byte elements. */
function arrayOf(lengths: readonly number[], elements: readonly (number | null)[]): Buffer {
  const words = [lengths.length, 0, 23, ...lengths.flatMap((length) => [length, 1])]
  for (const element of elements) words.push(...(element === null ? [-1] : [4, element]))
  const bytes = Buffer.alloc(4 * words.length)
  for (const [index, word] of words.entries()) bytes.writeInt32BE(word, 4 * index)
  return bytes
}

function write(bytes: Buffer, element = writeInt4) {
  return written(binaryArrayWriter(element), bytes)
}

describe('binaryArrayWriter', () => {
  for (const [lengths, elements, json] of [
    [[], [], '[]'],
    [[1], [7], '[7]'],
    [[3], [1, null, -3], '[1,null,-3]'],
    [[2, 2], [1, 2, 3, 4], '[[1,2],[3,4]]'],
    [[1, 2, 1], [1, null], '[[[1],[null]]]'],
  ] as const) {
    it(`${lengths.join('×')} → ${json}`, () => {
      expect(write(arrayOf(lengths, elements))).to.deep.equal({ json, outcome: EXACT })
    })
  }

  it('writes null for the whole array if an element is nulled', () => {
    expect(write(arrayOf([3], [1, INFINITY, 2]), writeDate)).to.deep.equal({
      json: 'null',
      outcome: NULLED,
    })
  })

  for (const [what, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['a header that is cut', arrayOf([1], [1]).subarray(0, 14)],
    ['an element that is cut', arrayOf([2], [1, 2]).subarray(0, 30)],
    ['more elements than its dimensions', arrayOf([1], [1, 2])],
    ['too many dimensions', arrayOf([1, 1, 1, 1, 1, 1, 1], [1])],
    [
      'a negative length of an element',
      Buffer.concat([arrayOf([1], []), Buffer.from('fffffffe', 'hex')]),
    ],
  ] as const) {
    it(`rejects ${what}`, () => {
      expect(() => write(bytes)).to.throw(RangeError, 'damaged replication stream')
    })
  }
})
