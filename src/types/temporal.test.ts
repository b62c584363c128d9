import { expect } from 'chai'
import { EXACT, NULLED, type ValueWriter } from './pg-type.ts'
import {
  writeDate,
  writeDateText,
  writeTime,
  writeTimestamp,
  writeTimestampText,
  writeTimestampTz,
  writeTimestampTzText,
  writeTimeText,
  writeTimeTz,
  writeTimeTzText,
} from './temporal.ts'
import { int } from '../testing/bytes.ts'
import { written } from '../testing/written.ts'

const MAX_INT8 = 2n ** 63n - 1n
const MIN_INT8 = -(2n ** 63n)

interface Forms {
  readonly name: string
  readonly binary: ValueWriter
  readonly text: ValueWriter
  /** Binary form, text form, expected JSON; null: null is written and flagged. */
  readonly cases: readonly (readonly [binary: Buffer, text: string, expected: string | null])[]
}

function timetz(micros: bigint, secondsWest: number): Buffer {
  return Buffer.concat([int(8, micros), int(4, secondsWest)])
}

const INSTANTS = [
  [0n, '2000-01-01 00:00:00', '2000-01-01T00:00:00.000000', '2000-01-01T00:00:00.000000Z'],
  [-1n, '1999-12-31 23:59:59.999999', '1999-12-31T23:59:59.999999', '1999-12-31T23:59:59.999999Z'],
  [1_000_000n, '2000-01-01 00:00:01', '2000-01-01T00:00:01', '2000-01-01T00:00:01.000000Z'],
  [500_000n, '2000-01-01 00:00:00.5', '2000-01-01T00:00:00.500', '2000-01-01T00:00:00.500000Z'],
  [
    9_007_199_254_740_991n,
    '2285-06-04 23:47:34.740991',
    '2285-06-04T23:47:34.740991',
    '2285-06-04T23:47:34.740991Z',
  ],
  [
    9_007_199_254_740_993n,
    '2285-06-04 23:47:34.740993',
    '2285-06-04T23:47:34.740993',
    '2285-06-04T23:47:34.740993Z',
  ],
  [
    -9_007_199_254_740_993n,
    '1714-07-29 00:12:25.259007',
    '1714-07-29T00:12:25.259007',
    '1714-07-29T00:12:25.259007Z',
  ],
  [
    252_455_615_999_999_999n,
    '9999-12-31 23:59:59.999999',
    '9999-12-31T23:59:59.999999',
    '9999-12-31T23:59:59.999999Z',
  ],
  [
    9_223_371_331_199_999_999n,
    '294276-12-31 23:59:59.999999',
    '294276-12-31T23:59:59.999999',
    '294276-12-31T23:59:59.999999Z',
  ],
  [
    -63_082_281_600_000_001n,
    '0001-12-31 23:59:59.999999 BC',
    '0001-12-31T23:59:59.999999 BC',
    '0001-12-31T23:59:59.999999Z BC',
  ],
  [
    -211_813_488_000_000_000n,
    '4714-11-24 00:00:00 BC',
    '4714-11-24T00:00:00.000000 BC',
    '4714-11-24T00:00:00.000000Z BC',
  ],
] as const

const FORMS: readonly Forms[] = [
  {
    name: 'date',
    binary: writeDate,
    text: writeDateText,
    cases: [
      [int(4, 0), '2000-01-01', '2000-01-01'],
      [int(4, -358), '1999-01-08', '1999-01-08'],
      [int(4, -730_120), '0001-12-31 BC', '0001-12-31 BC'],
      [int(4, 2_145_031_948), '5874897-12-31', '5874897-12-31'],
      [int(4, 2 ** 31 - 1), 'infinity', null],
      [int(4, -(2 ** 31)), '-infinity', null],
    ],
  },
  {
    name: 'time',
    binary: writeTime,
    text: writeTimeText,
    cases: [
      [int(8, 46_800_000_000n), '13:00:00', '13:00:00.000000'],
      [int(8, 46_803_000_000n), '13:00:03', '13:00:03'],
      [int(8, 46_801_010_000n), '13:00:01.01', '13:00:01.010'],
      [int(8, 86_399_999_999n), '23:59:59.999999', '23:59:59.999999'],
      [int(8, 86_400_000_000n), '24:00:00', '23:59:59.999999999'],
    ],
  },
  {
    name: 'timetz',
    binary: writeTimeTz,
    text: writeTimeTzText,
    cases: [
      [timetz(46_804_000_000n, 0), '13:00:04+00', '13:00:04Z'],
      [timetz(46_800_000_000n, -28_800), '13:00:00+08', '13:00:00.000000+08:00'],
      [timetz(46_801_123_456n, 25_200), '13:00:01.123456-07', '13:00:01.123456-07:00'],
      [timetz(0n, 30), '00:00:00-00:00:30', '00:00:00.000000-00:00:30'],
      [timetz(0n, -3723), '00:00:00+01:02:03', '00:00:00.000000+01:02:03'],
      [timetz(86_400_000_000n, -57_599), '24:00:00+15:59:59', '23:59:59.999999999+15:59:59'],
    ],
  },
  {
    name: 'timestamp',
    binary: writeTimestamp,
    text: writeTimestampText,
    cases: [
      ...INSTANTS.map(([micros, text, expected]) => [int(8, micros), text, expected] as const),
      [int(8, MAX_INT8), 'infinity', null],
      [int(8, MIN_INT8), '-infinity', null],
    ],
  },
  {
    name: 'timestamptz',
    binary: writeTimestampTz,
    text: writeTimestampTzText,
    cases: [
      ...INSTANTS.map(([micros, text, , expected]) => {
        const zoned = text.endsWith(' BC') ? text.replace(' BC', '+00 BC') : `${text}+00`
        return [int(8, micros), zoned, expected] as const
      }),
      [int(8, MAX_INT8), 'infinity', null],
      [int(8, MIN_INT8), '-infinity', null],
    ],
  },
]

for (const { name, binary, text: textWriter, cases } of FORMS) {
  describe(`${name}, from its binary and its text form`, () => {
    for (const [bytes, text, expected] of cases) {
      it(`${text} → ${expected}`, () => {
        const wanted =
          expected === null
            ? { json: 'null', outcome: NULLED }
            : { json: `"${expected}"`, outcome: EXACT }
        expect(written(binary, bytes)).to.deep.equal(wanted)
        expect(written(textWriter, text)).to.deep.equal(wanted)
      })
    }

    it('rejects a value of another size', () => {
      const size = cases[0]![0].length
      expect(() => written(binary, Buffer.alloc(size - 1))).to.throw(RangeError, 'damaged')
      expect(() => written(binary, Buffer.alloc(size + 1))).to.throw(RangeError, 'damaged')
    })
  })
}

describe('writeTime', () => {
  for (const micros of [-1n, 86_400_000_001n, MAX_INT8, MIN_INT8]) {
    it(`rejects ${micros}, which is not a time of day`, () => {
      expect(() => written(writeTime, int(8, micros))).to.throw(RangeError, 'damaged')
      expect(() => written(writeTimeTz, timetz(micros, 0))).to.throw(RangeError, 'damaged')
    })
  }
})

describe('writeTimeTz', () => {
  it('rejects an offset of 16 hours', () => {
    expect(() => written(writeTimeTz, timetz(0n, 57_600))).to.throw(RangeError, 'damaged')
  })
})

for (const [name, write, texts] of [
  ['writeTimeText', writeTimeText, ['', '24:00:01', 'x', '10:00:00+01']],
  ['writeTimeTzText', writeTimeTzText, ['', '10:00:00', '10:00:00+', '10:00:00+16', '+01']],
  [
    'writeTimestampText',
    writeTimestampText,
    ['', '2004-10-19', '2004-10-19 x', '2004-10-19 10:00:00+00'],
  ],
  [
    'writeTimestampTzText',
    writeTimestampTzText,
    ['', '2004-10-19 10:00:00', '2004-10-19 10:00:00+01'],
  ],
] as const) {
  describe(name, () => {
    for (const text of texts) {
      it(`${text || 'an empty value'} is malformed: null, flagged in the outcome`, () => {
        expect(written(write, text)).to.deep.equal({ json: 'null', outcome: NULLED })
      })
    }
  })
}
