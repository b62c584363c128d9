import { expect } from 'chai'
import { writeHstore } from './hstore.ts'
import { EXACT, NULLED, TRUNCATED } from './pg-type.ts'
import { written } from '../testing/written.ts'

describe('writeHstore', () => {
  for (const [text, object] of [
    ['', '{}'],
    ['"color"=>"red"', '{"color":"red"}'],
    ['"size"=>NULL', '{"size":null}'],
    ['"a"=>"", "b"=>"NULL", "NULL"=>NULL', '{"a":"","b":"NULL","NULL":null}'],
    [String.raw`"a\"b"=>"c\\d"`, String.raw`{"a\"b":"c\\d"}`],
    ['"=>"=>", "', '{"=>":", "}'],
    ['"é"=>"\u{1f600}\n"', '{"é":"\u{1f600}\\n"}'],
    [`"k"=>"${'x'.repeat(1000)}"`, `{"k":"${'x'.repeat(1000)}"}`],
  ] as const) {
    it(`${text.slice(0, 40) || 'an empty value'} → ${object.slice(0, 40)}`, () => {
      const { json, outcome } = written(writeHstore, text)
      expect(JSON.parse(json)).to.equal(object)
      expect(outcome).to.equal(EXACT)
    })
  }

  it('replaces bytes that are not UTF-8', () => {
    const { json, outcome } = written(writeHstore, Buffer.from('"k\xe9"=>"\xff"', 'latin1'))
    expect(JSON.parse(json)).to.equal('{"k\ufffd":"\ufffd"}')
    expect(outcome).to.equal(TRUNCATED)
  })

  for (const text of [
    'a=>b',
    '"a"',
    '"a"=>',
    '"a"=>"b',
    '"a"=>"b"x',
    '"a"=>"b",',
    '"a"=>"b", ',
    '"a"=>NUL',
    '"a"->"b"',
    '"a\\',
  ]) {
    it(`${text} is not an hstore: null, flagged in the outcome`, () => {
      expect(written(writeHstore, text)).to.deep.equal({ json: 'null', outcome: NULLED })
    })
  }
})
