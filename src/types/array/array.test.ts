import { expect } from 'chai'
import { arrayWriter } from './array.ts'
import { writeByteaElement } from '../bytes.ts'
import { writeNumberText } from '../numbers.ts'
import { EXACT, NULLED, TRUNCATED } from '../pg-type.ts'
import { writeDateText } from '../temporal.ts'
import { writeString } from '../text.ts'
import { written } from '../../testing/written.ts'

const texts = arrayWriter(writeString, ',')
const numbers = arrayWriter(writeNumberText, ',')

describe('arrayWriter', () => {
  for (const [text, json] of [
    ['{}', '[]'],
    ['{a}', '["a"]'],
    ['{NULL,"NULL",null}', '[null,"NULL","null"]'],
    ['{"",""}', '["",""]'],
    ['{"a b","c,d","{}"}', '["a b","c,d","{}"]'],
    [String.raw`{"\"","\\","\\\"\\\\"}`, String.raw`["\"","\\","\\\"\\\\"]`],
    ['{{a,NULL},{b,c}}', '[["a",null],["b","c"]]'],
    ['{{{{{{a}}}}}}', '[[[[[["a"]]]]]]'],
    ['[2:3]={a,b}', '["a","b"]'],
    ['[-1:0][5:5]={{a},{b}}', '[["a"],["b"]]'],
    ['{a=b}', '["a=b"]'],
    ['{é,"\u{1f600}"}', '["é","\u{1f600}"]'],
    ['{"line\nfeed"}', '["line\\nfeed"]'],
  ] as const) {
    it(`${text} → ${json}`, () => {
      expect(written(texts, text)).to.deep.equal({ json, outcome: EXACT })
    })
  }

  it('separates the elements of a box array by semicolons', () => {
    const boxes = arrayWriter(writeString, ';')
    expect(written(boxes, '{(1,1),(0,0);(2,2),(0,0)}').json).to.equal(
      '["(1,1),(0,0)","(2,2),(0,0)"]',
    )
  })

  it('writes null if an element at any depth is nulled', () => {
    const dates = arrayWriter(writeDateText, ',')
    for (const text of ['{infinity}', '{2020-01-01,infinity}', '{{2020-01-01},{-infinity}}']) {
      expect(written(dates, text), text).to.deep.equal({ json: 'null', outcome: NULLED })
    }
  })

  it('returns TRUNCATED if an element is not UTF-8', () => {
    const bytes = Buffer.from('{a,\xff,"\xe9b"}', 'latin1')
    expect(written(texts, bytes)).to.deep.equal({
      json: '["a","\ufffd","\ufffdb"]',
      outcome: TRUNCATED,
    })
  })

  it('writes a bytea element in base64', () => {
    expect(written(arrayWriter(writeByteaElement, ','), '{"\\\\x1234",NULL}').json).to.equal(
      '["EjQ=",null]',
    )
  })

  for (const text of [
    '',
    '{',
    '}',
    '{}}',
    '{1',
    '{1,',
    '{1,}',
    '{,1}',
    '{1}2',
    '{{1}',
    '{"1}',
    '{"1\\',
    '{1{2}}',
    '{"1"2}',
    '[1:2]',
    '[1:2={1}',
    '{x}',
    '{{{{{{{1}}}}}}}',
    '1',
  ]) {
    it(`${text || 'an empty value'} is not an array: null, flagged in the outcome`, () => {
      expect(written(numbers, text)).to.deep.equal({ json: 'null', outcome: NULLED })
    })
  }
})
