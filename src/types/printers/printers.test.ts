import { expect } from 'chai'
import { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { writeInt2, writeInt4 } from '../numbers.ts'
import { printHstore } from '../hstore.ts'
import { printBits, printBytea } from './byte-printers.ts'
import {
  printBox,
  printCircle,
  printLine,
  printLseg,
  printPath,
  printPoint,
  printPolygon,
} from './geometric-printers.ts'
import { intervalPrinter } from './interval-printer.ts'
import {
  arrayPrinter,
  multirangePrinter,
  rangePrinter,
  recordPrinter,
  vectorPrinter,
} from './nested-printers.ts'
import { macPrinter, printInet } from './network-printers.ts'
import {
  printFloat4,
  printLsn,
  printNumeric,
  printSnapshot,
  printTid,
  printXid8,
} from './number-printers.ts'
import { type Printer, printText, UnknownFormError } from './printer.ts'
import { printTsquery, printTsvector } from './text-search-printers.ts'
import { printDate, printTimestamp, printTimestampTz, printTimeTz } from './time-printers.ts'

const TEXT_OID = 25
const INT4_OID = 23
const printItem = recordPrinter(
  new Map([
    [TEXT_OID, printText],
    [INT4_OID, writeInt4],
  ]),
)
const printInt4Range = rangePrinter(writeInt4)

/** Values in the binary and the text form of PostgreSQL 18. */
const VALUES: readonly (readonly [string, Printer, text: string, hex: string])[] = [
  [
    'interval',
    intervalPrinter(18),
    '-1 mons +1 day -01:02:03.5',
    'ffffffff220fe62000000001ffffffff',
  ],
  ['inet', printInet, '::ffff:1.2.3.4/120', '0378001000000000000000000000ffff01020304'],
  ['cidr', printInet, '10.0.0.0/8', '020801040a000000'],
  ['macaddr', macPrinter(6), '08:00:2b:01:02:03', '08002b010203'],
  ['varbit', printBits, '10110011101', '0000000bb3a0'],
  ['int4range', printInt4Range, '[1,5)', '0200000004000000010000000400000005'],
  ['numrange', rangePrinter(printNumeric), '(,1.5]', '0c0000000c000200000000000100011388'],
  [
    'int4multirange',
    multirangePrinter(printInt4Range),
    '{[1,3),[5,)}',
    '0000000200000011020000000400000001000000040000000300000009120000000400000005',
  ],
  [
    'text[]',
    arrayPrinter(printText, ','),
    '[0:1]={"a b",NULL}',
    '000000010000000100000019000000020000000000000003612062ffffffff',
  ],
  ['item', printItem, '("a ""b",)', '0000000200000019000000046120226200000017ffffffff'],
  [
    'int2vector',
    vectorPrinter(writeInt2),
    '1 -2',
    '000000010000000000000015000000020000000000000002000100000002fffe',
  ],
  [
    'hstore',
    printHstore,
    String.raw`"c"=>"d", "a\"b"=>NULL`,
    '000000020000000163000000016400000003612262ffffffff',
  ],
  ['tsvector', printTsvector, "'a''b':1A,2 'c'", '00000002612762000002c001000263000000'],
  [
    'tsquery',
    printTsquery,
    "!'a':*A & 'b' <2> ( 'c' <-> 'd' ) | 'e'",
    '0000000a020301000065000202020400020204000101000064000100006300010000620002010108016100',
  ],
  [
    'path',
    printPath,
    '[(1,2),(0.1,1e+30)]',
    '00000000023ff000000000000040000000000000003fb999999999999a46293e5939a08cea',
  ],
  ['path', printPath, '((1,2))', '01000000013ff00000000000004000000000000000'],
  ['circle', printCircle, '<(1,2),3>', '3ff000000000000040000000000000004008000000000000'],
  [
    'box',
    printBox,
    '(3,4),(1,2)',
    '400800000000000040100000000000003ff00000000000004000000000000000',
  ],
  ['line', printLine, '{1,2,3}', '3ff000000000000040000000000000004008000000000000'],
  [
    'lseg',
    printLseg,
    '[(1,2),(3,4)]',
    '3ff0000000000000400000000000000040080000000000004010000000000000',
  ],
  [
    'polygon',
    printPolygon,
    '((1,2),(3,4))',
    '000000023ff0000000000000400000000000000040080000000000004010000000000000',
  ],
  ['point', printPoint, '(NaN,-Infinity)', '7ff8000000000000fff0000000000000'],
  ['timetz', printTimeTz, '13:00:01.5-07:30', '0000000ae596376000006978'],
  ['timestamptz', printTimestampTz, '0044-03-15 00:00:01.25+00 BC', 'ff1af9deec6e32d0'],
  ['timestamp', printTimestamp, '-infinity', '8000000000000000'],
  ['date', printDate, 'infinity', '7fffffff'],
  ['numeric', printNumeric, '-Infinity', '00000000f0000020'],
  [
    'pg_snapshot',
    printSnapshot,
    '10:20:10,14',
    '00000002000000000000000a0000000000000014000000000000000a000000000000000e',
  ],
  ['pg_lsn', printLsn, '16/B374D848', '00000016b374d848'],
  ['tid', printTid, '(1,2)', '000000010002'],
  ['bytea', printBytea, String.raw`\x12ab`, '12ab'],
  ['float4', printFloat4, '1e-05', '3727c5ac'],
  ['xid8', printXid8, '18446744073709551615', 'ffffffffffffffff'],
]

function print(printer: Printer, bytes: Buffer): string {
  const out = new ByteBuffer(4)
  printer(out, bytes, 0, bytes.length)
  return out.bytes.toString('utf8', 0, out.length)
}

describe('printers', () => {
  for (const [name, printer, text, hex] of VALUES) {
    it(`${name} ${text}`, () => {
      expect(print(printer, Buffer.from(hex, 'hex'))).to.equal(text)
    })

    if (printer !== printBytea) {
      it(`${name} ${text}: rejects the value if it is cut at any byte`, () => {
        const bytes = Buffer.from(`${hex}00`, 'hex')
        for (let length = 0; length <= bytes.length; length++) {
          if (length === bytes.length - 1) continue
          expect(() => print(printer, bytes.subarray(0, length)), `${length}`).to.throw(RangeError)
        }
      })
    }
  }

  it('a composite whose field types differ from the catalog throws UnknownFormError', () => {
    const bytes = Buffer.from('00000001000000100000000101', 'hex')
    expect(() => print(printItem, bytes)).to.throw(UnknownFormError)
  })

  it('a query that is nested more deeply than the stack allows throws UnknownFormError', () => {
    const bytes = Buffer.from(`000007d1${'0201'.repeat(2000)}0100006100`, 'hex')
    expect(() => print(printTsquery, bytes)).to.throw(UnknownFormError)
  })

  it('an extreme interval is finite before PostgreSQL 17', () => {
    const bytes = Buffer.from('7fffffffffffffff7fffffff7fffffff', 'hex')
    expect(print(intervalPrinter(17), bytes)).to.equal('infinity')
    expect(print(intervalPrinter(16), bytes)).to.equal(
      '178956970 years 7 mons 2147483647 days 2562047788:00:54.775807',
    )
  })
})
