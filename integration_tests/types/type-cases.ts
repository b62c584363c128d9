import type { Json } from '../helpers/messages.ts'

/** In place of an expected value: null, with an entry in `meta.changes`. */
export const NULLED = 'NULLED'

/**
 * The input and the expected JSON in the record; without it: the text of the server, as a string.
 * The number is the first major that supports the value.
 */
type ValueCase = readonly [input: string, expected?: string, since?: number]

/** A type in SQL, its discovered schema, and interesting values. */
export interface TypeCase {
  readonly type: string
  readonly schema: Json
  readonly values: readonly ValueCase[]
  /** First major that has the type. */
  readonly since?: number
}

/** Extensions and types that the table below uses. */
export const TYPE_CASES_SETUP = `
  CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE EXTENSION citext;
  CREATE EXTENSION cube; CREATE EXTENSION seg; CREATE EXTENSION isn; CREATE EXTENSION intarray;
  CREATE TYPE mood AS ENUM ('sad', 'very "happy"', 'ok\\no', 'é, {}');
  CREATE TYPE item AS (name text, supplier int, price numeric(5,2), at timestamptz, tags text[]);
  CREATE TYPE float_range AS RANGE (subtype = float8, subtype_diff = float8mi);
  CREATE TYPE text_range AS RANGE (subtype = text);
  CREATE TYPE box_of_ranges AS (ranges text_range[], price numrange, bits varbit, moods mood[], nested item);
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE DOMAIN short_text AS varchar(8);
  CREATE DOMAIN padded AS char(4);
  CREATE DOMAIN flag AS bool;
  CREATE DOMAIN address AS inet;
  CREATE DOMAIN letter AS "char";
  CREATE DOMAIN day AS date;
  CREATE DOMAIN blob AS bytea;
  CREATE DOMAIN document AS xml;
  CREATE DOMAIN numbers AS int[];
  CREATE DOMAIN feeling AS mood;
  CREATE DOMAIN line_item AS item;
  CREATE DOMAIN nested AS positive CHECK (VALUE < 100);
  CREATE DOMAIN prices AS money;
`

const STRING = { type: 'string' }
const NUMBER = { type: 'number' }
const INTEGER = { type: 'number', airbyte_type: 'integer' }
const BOOLEAN = { type: 'boolean' }
const DATE = { type: 'string', format: 'date' }
const TIME = { type: 'string', format: 'time', airbyte_type: 'time_without_timezone' }
const TIME_TZ = { type: 'string', format: 'time', airbyte_type: 'time_with_timezone' }
const TIMESTAMP = {
  type: 'string',
  format: 'date-time',
  airbyte_type: 'timestamp_without_timezone',
}
const TIMESTAMP_TZ = {
  type: 'string',
  format: 'date-time',
  airbyte_type: 'timestamp_with_timezone',
}

function arrayOf(items: Json): Json {
  return { type: 'array', items }
}

/**
 * Every control character that a text can contain, quotes, backslashes, line separators and astral
 * characters.
 */
const ODD_TEXTS: readonly ValueCase[] = [
  [''],
  [' '],
  ['NULL'],
  ['{}'],
  ['"'],
  ['\\'],
  ['a"b\\c/d'],
  ["it's"],
  [Array.from({ length: 31 }, (_, index) => String.fromCharCode(index + 1)).join('')],
  ['\u007f\u0080\u009f'],
  ['\u2028\u2029'],
  ['\u00e9\u20ac\ufeff\uffff'],
  ['\u{1f600}\u{10ffff}\u{10000}'],
  ['e\u0301'],
  ['\n'.repeat(100)],
  ['x'.repeat(100_000)],
  ['é"'.repeat(40_000)],
]

const THOUSAND_DIGITS = '1234567890'.repeat(100)

const NUMERIC_VALUES: readonly ValueCase[] = [
  ['33', '33'],
  ['33.345', '33.345'],
  ['0', '0'],
  ['-0.0', '0.0'],
  ['0.00', '0.00'],
  ['1.500', '1.500'],
  ['-1', '-1'],
  ['9999', '9999'],
  ['10000', '10000'],
  ['100000000', '100000000'],
  ['100000000.0001', '100000000.0001'],
  ['0.1', '0.1'],
  ['0.0001', '0.0001'],
  ['0.00001', '0.00001'],
  ['0.00000000000000000001', '0.00000000000000000001'],
  ['-0.0000000000000000000000010', '-0.0000000000000000000000010'],
  ['1e20', '100000000000000000000'],
  ['1e-10', '0.0000000001'],
  ['9007199254740993', '9007199254740993'],
  ['1234567890.1234567', '1234567890.1234567'],
  ['0.1234567890123456789012345678901', '0.1234567890123456789012345678901'],
  [THOUSAND_DIGITS, THOUSAND_DIGITS],
  [`-${THOUSAND_DIGITS}.${THOUSAND_DIGITS}`, `-${THOUSAND_DIGITS}.${THOUSAND_DIGITS}`],
  [`0.${'0'.repeat(1000)}7`, `0.${'0'.repeat(1000)}7`],
  [`1e131071`, `1${'0'.repeat(131_071)}`],
  ['NaN', NULLED],
  ['Infinity', NULLED, 14],
  ['-Infinity', NULLED, 14],
]

const GEOMETRIC_CASES: readonly TypeCase[] = [
  {
    type: 'point',
    schema: STRING,
    values: [
      ['(3,7)', '"(3.0,7.0)"'],
      ['(1e24,0)', '"(1.0E24,0.0)"'],
      ['(0.1,-0.001)', '"(0.1,-0.001)"'],
      ['(0.0009,1e-5)', '"(9.0E-4,1.0E-5)"'],
      ['(-1.5e-10,-0)', '"(-1.5E-10,-0.0)"'],
      ['(9999999,10000000)', '"(9999999.0,1.0E7)"'],
      ['(12345678.25,-123456789)', '"(1.234567825E7,-1.23456789E8)"'],
      ['(1.7976931348623157e308,5e-324)', '"(1.7976931348623157E308,5.0E-324)"'],
      ['(NaN,Infinity)', '"(NaN,Infinity)"'],
      ['(-Infinity,0.00012)', '"(-Infinity,1.2E-4)"'],
    ],
  },
  { type: 'line', schema: STRING, values: [['{4,5,6}', '"{4.0,5.0,6.0}"']] },
  {
    type: 'lseg',
    schema: STRING,
    values: [['[(3,7),(15,18)]', '"[(3.0,7.0),(15.0,18.0)]"']],
  },
  {
    type: 'box',
    schema: STRING,
    values: [['(3,7),(15,18)', '"(15.0,18.0),(3.0,7.0)"']],
  },
  {
    type: 'path',
    schema: STRING,
    values: [
      ['[(3,7),(15,18)]', '"[(3.0,7.0),(15.0,18.0)]"'],
      ['((3,7),(15,18))', '"((3.0,7.0),(15.0,18.0))"'],
    ],
  },
  {
    type: 'polygon',
    schema: STRING,
    values: [['((3,7),(15,18),(1e-7,2))', '"((3.0,7.0),(15.0,18.0),(1.0E-7,2.0))"']],
  },
  { type: 'circle', schema: STRING, values: [['<(5,7),10>', '"<(5.0,7.0),10.0>"']] },
  {
    type: 'point[]',
    schema: arrayOf(STRING),
    values: [
      ['{"(1,2)",NULL}', '["(1.0,2.0)",null]'],
      ['{}', '[]'],
    ],
  },
  {
    type: 'box[]',
    schema: arrayOf(STRING),
    values: [['{(1,1),(0,0);(3,7),(15,18)}', '["(1.0,1.0),(0.0,0.0)","(15.0,18.0),(3.0,7.0)"]']],
  },
]

const NUMBER_CASES: readonly TypeCase[] = [
  {
    type: 'bool',
    schema: BOOLEAN,
    values: [
      ['t', 'true'],
      ['f', 'false'],
    ],
  },
  {
    type: 'int2',
    schema: INTEGER,
    values: [
      ['-32768', '-32768'],
      ['32767', '32767'],
      ['0', '0'],
      ['-1', '-1'],
    ],
  },
  {
    type: 'int4',
    schema: INTEGER,
    values: [
      ['-2147483648', '-2147483648'],
      ['2147483647', '2147483647'],
      ['0', '0'],
      ['10000', '10000'],
      ['-99999999', '-99999999'],
    ],
  },
  {
    type: 'int8',
    schema: INTEGER,
    values: [
      ['-9223372036854775808', '-9223372036854775808'],
      ['9223372036854775807', '9223372036854775807'],
      ['9007199254740991', '9007199254740991'],
      ['9007199254740992', '9007199254740992'],
      ['9007199254740993', '9007199254740993'],
      ['-9007199254740993', '-9007199254740993'],
      ['4294967296', '4294967296'],
      ['-4294967296', '-4294967296'],
      ['100000000', '100000000'],
      ['0', '0'],
    ],
  },
  {
    type: 'oid',
    schema: INTEGER,
    values: [
      ['0', '0'],
      ['3000000000', '3000000000'],
      ['4294967295', '4294967295'],
    ],
  },
  {
    type: 'float4',
    schema: NUMBER,
    values: [
      ['3.4145', '3.4145'],
      ['131070.237689', '131070.234'],
      ['-0', '-0'],
      ['1e-45', '1e-45'],
      ['3.4028235e38', '3.4028235e+38'],
      ['0.1', '0.1'],
      ['16777216', '1.6777216e+07'],
      ['NaN', '"NaN"'],
      ['Infinity', '"Infinity"'],
      ['-Infinity', '"-Infinity"'],
    ],
  },
  {
    type: 'float8',
    schema: NUMBER,
    values: [
      ['123', '123'],
      ['1.2345678901234567e9', '1234567890.1234567'],
      ['0.1', '0.1'],
      ['-0', '-0'],
      ['0', '0'],
      ['5e-324', '5e-324'],
      ['1.7976931348623157e308', '1.7976931348623157e+308'],
      ['1e15', '1e+15'],
      ['999999999999999', '999999999999999'],
      ['0.0001', '0.0001'],
      ['0.00001', '1e-05'],
      ['1e23', '9.999999999999999e+22'] /* like float8out */,
      ['9007199254740993', '9.007199254740992e+15'],
      ['2.2250738585072014e-308', '2.2250738585072014e-308'],
      ['NaN', '"NaN"'],
      ['Infinity', '"Infinity"'],
      ['-Infinity', '"-Infinity"'],
    ],
  },
  { type: 'numeric', schema: NUMBER, values: NUMERIC_VALUES },
  {
    type: 'numeric(20,0)',
    schema: INTEGER,
    values: [
      ['70000', '70000'],
      ['99999999999999999999', '99999999999999999999'],
      ['-5', '-5'],
    ],
  },
  {
    type: 'numeric(20,7)',
    schema: NUMBER,
    values: [
      ['123', '123.0000000'],
      ['1234567890.1234567', '1234567890.1234567'],
    ],
  },
  {
    type: 'numeric(2,-3)',
    schema: INTEGER,
    since: 15,
    values: [
      ['12345', '12000'],
      ['-99400', '-99000'],
      ['0', '0'],
    ],
  },
  {
    type: 'numeric(3,5)',
    schema: NUMBER,
    since: 15,
    values: [['0.00123', '0.00123']],
  },
  {
    type: 'money',
    schema: NUMBER,
    values: [
      ['-1000', '-1000.00'],
      ['1001.01', '1001.01'],
      ['0', '0.00'],
      ['92233720368547758.07', '92233720368547758.07'],
      ['-92233720368547758.08', '-92233720368547758.08'],
    ],
  },
]

const TEXT_CASES: readonly TypeCase[] = [
  { type: 'text', schema: STRING, values: ODD_TEXTS },
  { type: 'varchar', schema: STRING, values: ODD_TEXTS },
  { type: 'varchar(5)', schema: STRING, values: [['ab'], ['ab   '], ['😀😀😀😀😀']] },
  { type: 'name', schema: STRING, values: [['pg_class'], [''], ['é"\\'], ['n'.repeat(63)]] },
  {
    type: 'char(8)',
    schema: STRING,
    values: [
      ['{asb12}', '"{asb12} "'],
      ['', '"        "'],
      ['é', '"é       "'],
    ],
  },
  {
    type: 'bpchar',
    schema: STRING,
    values: [
      ['ab  ', '"ab  "'],
      ['', '""'],
    ],
  },
  {
    type: '"char"',
    schema: STRING,
    values: [
      ['a', '"a"'],
      ['', '""'],
      ['"', '"\\""'],
    ],
  },
  { type: 'citext', schema: STRING, values: ODD_TEXTS },
  {
    type: 'bit(3)',
    schema: STRING,
    values: [
      ['101', '"101"'],
      ['000', '"000"'],
    ],
  },
  {
    type: 'bit',
    schema: STRING,
    values: [
      ['0', '"0"'],
      ['1', '"1"'],
    ],
  },
  { type: 'varbit', schema: STRING, values: [['', '""'], ['101', '"101"'], ['1'.repeat(999)]] },
  {
    type: 'bytea',
    schema: STRING,
    values: [
      ['\\x1234', '"\\\\x1234"'],
      ['\\x', '"\\\\x"'],
      ['\\x00ff5c22', '"\\\\x00ff5c22"'],
      [`\\x${'00ab'.repeat(50_000)}`],
    ],
  },
  {
    type: 'json',
    schema: STRING,
    values: [
      ['{"a": 10,  "b": 15}', '"{\\"a\\": 10,  \\"b\\": 15}"'],
      ['null', '"null"'],
      ['"\\u0000\\ud83d\\ude00"', '"\\"\\\\u0000\\\\ud83d\\\\ude00\\""'],
      ['[1e400, 12345678901234567890123]'],
    ],
  },
  {
    type: 'jsonb',
    schema: STRING,
    values: [
      ['{"b":15,"a":10}', '"{\\"a\\": 10, \\"b\\": 15}"'],
      ['null', '"null"'],
      ['""', '"\\"\\""'],
      ['[12345678901234567890123.00]', '"[12345678901234567890123.00]"'],
      ['{}'],
    ],
  },
  {
    type: 'hstore',
    schema: STRING,
    values: [
      ['"color"=>"red"', '"{\\"color\\":\\"red\\"}"'],
      ['size=>NULL', '"{\\"size\\":null}"'],
      ['', '"{}"'],
      ['"a\\"b"=>"NULL"', '"{\\"a\\\\\\"b\\":\\"NULL\\"}"'],
      ['"\\\\"=>"=>, "', '"{\\"\\\\\\\\\\":\\"=>, \\"}"'],
      ['a=>"", bb=>"é\n"', '"{\\"a\\":\\"\\",\\"bb\\":\\"é\\\\n\\"}"'],
    ],
  },
  { type: 'ltree', schema: STRING, values: [['Top.Science.Astronomy'], ['']] },
  { type: 'lquery', schema: STRING, values: [['Top.*{1,2}.a|b@']] },
  { type: 'cube', schema: STRING, values: [['(1,2),(3,4)'], ['(0.5)']] },
  { type: 'seg', schema: STRING, values: [['1.50 .. 2'], ['<5'], ['~6.5']] },
  { type: 'isbn', schema: STRING, values: [['0-393-04002-X']] },
  {
    type: 'uuid',
    schema: STRING,
    values: [
      ['00000000-0000-0000-0000-000000000000'],
      ['ffffffff-ffff-ffff-ffff-ffffffffffff'],
      ['A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"'],
    ],
  },
  {
    type: 'inet',
    schema: STRING,
    values: [
      ['198.10.0.0/8', '"198.10.0.0/8"'],
      ['192.168.0.1/32', '"192.168.0.1"'],
      ['::ffff:1.2.3.4/128', '"::ffff:1.2.3.4"'],
      ['2001:db8::1/64', '"2001:db8::1/64"'],
      ['::'],
      ['::1'],
      ['::/0'],
      ['1::'],
      ['::1.2.3.4'],
      ['::1:2/96'],
      ['::ffff:0:0/96'],
      ['::ffff:0:1.2.3.4'],
      ['1:0:0:2:0:0:0:3'],
      ['1:0:0:2:0:0:3:4'],
      ['1:0:2:3:4:5:6:7'],
      ['0:1:2:3:4:5:6:0'],
      ['1:2:3:4:5:6::'],
      ['64:ff9b::1.2.3.4'],
      ['ABCD:ef01:2345:6789:abcd:ef01:2345:6789/127'],
      ['0.0.0.0/0'],
      ['255.255.255.255/31'],
    ],
  },
  {
    type: 'cidr',
    schema: STRING,
    values: [
      ['192.168.0.1/32', '"192.168.0.1/32"'],
      ['10/8', '"10.0.0.0/8"'],
      ['::/0', '"::/0"'],
      ['2001:db8::/128', '"2001:db8::/128"'],
      ['::ffff:1.2.3.0/120', '"::ffff:1.2.3.0/120"'],
    ],
  },
  { type: 'macaddr', schema: STRING, values: [['08-00-2b-01-02-03', '"08:00:2b:01:02:03"']] },
  { type: 'macaddr8', schema: STRING, values: [['08002b0102030405', '"08:00:2b:01:02:03:04:05"']] },
  {
    type: 'pg_lsn',
    schema: STRING,
    values: [['7/A25801C8', '"7/A25801C8"'], ['FFFFFFFF/FFFFFFFF', '"FFFFFFFF/FFFFFFFF"'], ['0/0']],
  },
  {
    type: 'tsvector',
    schema: STRING,
    values: [["'a\\\\' '''b':1A,2 c:3"], [''], ["'a b':1A,2B,3C,4D,16383 é"]],
  },
  {
    type: 'tsquery',
    schema: STRING,
    values: [
      ['a & (b | !c:*) <-> d'],
      [''],
      ['a <-> (b <3> c) <-> d'],
      ['!!(a | b) & !(c & d:*ABCD) | e:A'],
      ["'it''s' & 'a\\\\b' & 'x y':CD"],
      ['(a | b) & (c | d) <0> e'],
    ],
  },
  { type: 'jsonpath', schema: STRING, values: [['$.a[*] ? (@ > 1)']] },
  {
    type: 'xml',
    schema: STRING,
    values: [
      ['<a>é</a>', '"<a>é</a>"'],
      ['', '""'],
      ['text <b/> text', '"text <b/> text"'],
      ['<?xml version="1.0"?>\n<a/>', '"<a/>"'],
      ['<?xml version="1.0" encoding="UTF-8"?><a x="1"/>', '"<a x=\\"1\\"/>"'],
      ['<?xml version="1.0" standalone="yes"?><a/>', '"<a/>"'],
      ['<?xml version="1.1"?><a/>', '"<a/>"'],
      ['<?pi x?><a/>', '"<?pi x?><a/>"'],
    ],
  },
  {
    type: 'interval',
    schema: STRING,
    values: [
      ['1 year 2 months 3 days 04:05:06', '"1 year 2 mons 3 days 04:05:06"'],
      ['-49444:26:40', '"-49444:26:40"'],
      ['0', '"00:00:00"'],
      ['-1 year -2 mons +3 days -04:05:06.789', '"-1 years -2 mons +3 days -04:05:06.789"'],
      ['178000000 years', '"178000000 years"'],
      ['0.000001 s', '"00:00:00.000001"'],
      ['infinity', '"infinity"', 17],
      ['-infinity', '"-infinity"', 17],
      ['-1 day'],
      ['1 mon -1 day'],
      ['-1 mon 1 day 1 hour'],
      ['1 day -1 hour'],
      ['-1 day 1 hour'],
      ['-1 year 1 mon'],
      ['-1 mon 00:00:01'],
      ['-178956970 years -8 mons'],
      ['178956970 years 7 mons 2147483647 days'],
      ['-2147483648 days'],
      ['2562047788:00:54.775807', '"2562047788:00:54.775807"', 15],
      ['-2562047788:00:54.775807', '"-2562047788:00:54.775807"', 15],
      ['100:00:00.1'],
      ['-0.000001 s'],
    ],
  },
]

const TIME_CASES: readonly TypeCase[] = [
  {
    type: 'date',
    schema: DATE,
    values: [
      ['1999-01-08', '"1999-01-08"'],
      ['1991-02-10 BC', '"1991-02-10 BC"'],
      ['4714-11-24 BC', '"4714-11-24 BC"'],
      ['0001-01-01', '"0001-01-01"'],
      ['0001-12-31 BC', '"0001-12-31 BC"'],
      ['2000-02-29', '"2000-02-29"'],
      ['9999-12-31', '"9999-12-31"'],
      ['10000-01-01', '"10000-01-01"'],
      ['5874897-12-31', '"5874897-12-31"'],
      ['infinity', NULLED],
      ['-infinity', NULLED],
    ],
  },
  {
    type: 'time',
    schema: TIME,
    values: [
      ['13:00:00', '"13:00:00.000000"'],
      ['13:00:03', '"13:00:03"'],
      ['13:00:01.01', '"13:00:01.010"'],
      ['13:00:05.01234', '"13:00:05.012340"'],
      ['13:00:00.5', '"13:00:00.500"'],
      ['00:00:00', '"00:00:00.000000"'],
      ['00:00:00.000001', '"00:00:00.000001"'],
      ['23:59:59.999999', '"23:59:59.999999"'],
      ['23:59:60', '"23:59:59.999999999"'],
      ['24:00:00', '"23:59:59.999999999"'],
    ],
  },
  { type: 'time(0)', schema: TIME, values: [['13:00:01.6', '"13:00:02"']] },
  {
    type: 'timetz',
    schema: TIME_TZ,
    values: [
      ['13:00:01.123456-07:00', '"13:00:01.123456-07:00"'],
      ['13:00:04Z', '"13:00:04Z"'],
      ['13:00:00+08:00', '"13:00:00.000000+08:00"'],
      ['13:00:00+05:30', '"13:00:00.000000+05:30"'],
      ['13:00:00-00:00:30', '"13:00:00.000000-00:00:30"'],
      ['13:00:02.5+01:02:03', '"13:00:02.500+01:02:03"'],
      ['24:00:00+15:59:59', '"23:59:59.999999999+15:59:59"'],
      ['00:00:00-15:59:59', '"00:00:00.000000-15:59:59"'],
    ],
  },
  {
    type: 'timestamp',
    schema: TIMESTAMP,
    values: [
      ['2004-10-19 10:23:00', '"2004-10-19T10:23:00.000000"'],
      ['2004-10-19 10:23:54.123456', '"2004-10-19T10:23:54.123456"'],
      ['2004-10-19 10:23:54', '"2004-10-19T10:23:54"'],
      ['2004-10-19 10:23:54.1', '"2004-10-19T10:23:54.100"'],
      ['3004-10-19 10:23:54.123456 BC', '"3004-10-19T10:23:54.123456 BC"'],
      ['4714-11-24 00:00:00 BC', '"4714-11-24T00:00:00.000000 BC"'],
      ['0001-12-31 23:59:59.999999 BC', '"0001-12-31T23:59:59.999999 BC"'],
      ['1969-12-31 23:59:59.999999', '"1969-12-31T23:59:59.999999"'],
      ['1999-12-31 23:59:59.999999', '"1999-12-31T23:59:59.999999"'],
      ['9999-12-31 23:59:59.999999', '"9999-12-31T23:59:59.999999"'],
      ['294276-12-31 23:59:59.999999', '"294276-12-31T23:59:59.999999"'],
      ['infinity', NULLED],
      ['-infinity', NULLED],
    ],
  },
  {
    type: 'timestamptz',
    schema: TIMESTAMP_TZ,
    values: [
      ['2004-10-19 10:23:00-08', '"2004-10-19T18:23:00.000000Z"'],
      ['2004-10-19 10:23:54.5+05:30', '"2004-10-19T04:53:54.500000Z"'],
      ['0001-12-31 23:59:59.999999+00 BC', '"0001-12-31T23:59:59.999999Z BC"'],
      ['1883-11-18 12:00:00 America/New_York', '"1883-11-18T17:00:00.000000Z"'],
      ['4714-11-24 00:00:00+00 BC', '"4714-11-24T00:00:00.000000Z BC"'],
      ['294276-12-31 23:59:59.999999+00', '"294276-12-31T23:59:59.999999Z"'],
      ['infinity', NULLED],
      ['-infinity', NULLED],
    ],
  },
]

const ARRAY_CASES: readonly TypeCase[] = [
  {
    type: 'bool[]',
    schema: arrayOf(BOOLEAN),
    values: [
      ['{t,f,NULL}', '[true,false,null]'],
      ['{}', '[]'],
    ],
  },
  {
    type: 'int4[]',
    schema: arrayOf(INTEGER),
    values: [
      ['{1,NULL,-3}', '[1,null,-3]'],
      ['{}', '[]'],
      ['{{1,2},{3,4}}', '[[1,2],[3,4]]'],
      ['{{{{{{7}}}}}}', '[[[[[[7]]]]]]'],
      ['[2:3]={5,6}', '[5,6]'],
      ['[-1:0][5:6]={{1,NULL},{3,4}}', '[[1,null],[3,4]]'],
      ['{NULL}', '[null]'],
    ],
  },
  {
    type: 'int8[]',
    schema: arrayOf(INTEGER),
    values: [
      ['{-9223372036854775808,9223372036854775807}', '[-9223372036854775808,9223372036854775807]'],
    ],
  },
  { type: 'int2[]', schema: arrayOf(INTEGER), values: [['{-32768,32767}', '[-32768,32767]']] },
  { type: 'oid[]', schema: arrayOf(NUMBER), values: [['{4294967295,0}', '[4294967295,0]']] },
  {
    type: 'float4[]',
    schema: arrayOf(NUMBER),
    values: [
      ['{131070.237689,NaN}', '[131070.234,"NaN"]'],
      ['{1e-5,-Infinity}', '[1e-05,"-Infinity"]'],
    ],
  },
  { type: 'float8[]', schema: arrayOf(NUMBER), values: [['{1e22,0.5,-0}', '[1e+22,0.5,-0]']] },
  {
    type: 'numeric[]',
    schema: arrayOf(NUMBER),
    values: [
      ['{1.50,NULL,1e20}', '[1.50,null,100000000000000000000]'],
      ['{1,NaN}', NULLED],
    ],
  },
  {
    type: 'numeric(20,0)[]',
    schema: arrayOf(NUMBER),
    values: [['{12345678901234567890}', '[12345678901234567890]']],
  },
  {
    type: 'money[]',
    schema: arrayOf(NUMBER),
    values: [['{-1000,"1,234.50",NULL}', '[-1000.00,1234.50,null]']],
  },
  {
    type: 'text[]',
    schema: arrayOf(STRING),
    values: [
      ['{a,"b c",NULL,"NULL",null,"null",""}', '["a","b c",null,"NULL",null,"null",""]'],
      ['{"\\"","\\\\","{}",",","\\\\\\"\\\\"}', '["\\"","\\\\","{}",",","\\\\\\"\\\\"]'],
      ['{"{\\"a\\",\\"b\\"}"}', '["{\\"a\\",\\"b\\"}"]'],
      [
        '{"line\nfeed","tab\t","\u2028","\u{1f600}"}',
        '["line\\nfeed","tab\\t","\u2028","\u{1f600}"]',
      ],
      ['[0:1]={x,y}', '["x","y"]'],
      ['{" lead","[1:2]={a}"}', '[" lead","[1:2]={a}"]'],
      ['{{"a","b"},{"c",NULL}}', '[["a","b"],["c",null]]'],
    ],
  },
  { type: 'varchar(3)[]', schema: arrayOf(STRING), values: [['{abc,"a "}', '["abc","a "]']] },
  { type: 'char(3)[]', schema: arrayOf(STRING), values: [['{a,""}', '["a  ","   "]']] },
  { type: 'name[]', schema: arrayOf(STRING), values: [['{a,b}', '["a","b"]']] },
  { type: '"char"[]', schema: arrayOf(STRING), values: [['{a,"\\"",""}', '["a","\\"",""]']] },
  { type: 'bit(1)[]', schema: arrayOf(BOOLEAN), values: [['{1,0}', '[true,false]']] },
  {
    type: 'varbit[]',
    schema: arrayOf(BOOLEAN),
    values: [['{1,11,"",NULL}', '[true,false,false,null]']],
  },
  {
    type: 'bytea[]',
    schema: arrayOf(STRING),
    values: [
      ['{"\\\\x1234","\\\\x",NULL}', '["EjQ=","",null]'],
      [`{"\\\\x${'ab'.repeat(100_000)}"}`, `["${Buffer.alloc(100_000, 0xab).toString('base64')}"]`],
    ],
  },
  {
    type: 'json[]',
    schema: arrayOf(STRING),
    values: [['{"{\\"a\\": 1}"}', '["{\\"a\\": 1}"]']],
  },
  { type: 'jsonb[]', schema: arrayOf(STRING), values: [['{"{\\"a\\":1}"}', '["{\\"a\\": 1}"]']] },
  {
    type: 'xml[]',
    schema: arrayOf(STRING),
    values: [['{<a/>,"<?xml version=\\"1.0\\"?>\n<b/>"}', '["<a/>","<b/>"]']],
  },
  {
    type: 'hstore[]',
    schema: arrayOf(STRING),
    values: [['{"a=>\\"b c\\""}', '["{\\"a\\":\\"b c\\"}"]']],
  },
  {
    type: 'uuid[]',
    schema: arrayOf(STRING),
    values: [
      ['{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}', '["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]'],
    ],
  },
  {
    type: 'inet[]',
    schema: arrayOf(STRING),
    values: [['{10.0.0.1/32,10.0.0.0/8}', '["10.0.0.1","10.0.0.0/8"]']],
  },
  { type: 'interval[]', schema: arrayOf(STRING), values: [['{"1 day"}', '["1 day"]']] },
  { type: 'tsvector[]', schema: arrayOf(STRING), values: [["{'a':1}", '["\'a\':1"]']] },
  {
    type: 'date[]',
    schema: arrayOf(DATE),
    values: [
      ['{1999-01-08,"1991-02-10 BC",NULL}', '["1999-01-08","1991-02-10 BC",null]'],
      ['{1999-01-08,infinity}', NULLED],
    ],
  },
  {
    type: 'time[]',
    schema: arrayOf(TIME),
    values: [['{13:00:00,24:00:00}', '["13:00:00.000000","23:59:59.999999999"]']],
  },
  {
    type: 'timetz[]',
    schema: arrayOf(TIME_TZ),
    values: [['{13:00:01.01+05:30}', '["13:00:01.010+05:30"]']],
  },
  {
    type: 'timestamp[]',
    schema: arrayOf(TIMESTAMP),
    values: [
      [
        '{"2004-10-19 10:23:54.1","0044-03-15 00:00:00 BC"}',
        '["2004-10-19T10:23:54.100","0044-03-15T00:00:00.000000 BC"]',
      ],
      ['{{infinity}}', NULLED],
    ],
  },
  {
    type: 'timestamptz[]',
    schema: arrayOf(TIMESTAMP_TZ),
    values: [
      ['{"2004-10-19 10:23:00-08"}', '["2004-10-19T18:23:00.000000Z"]'],
      ['{"0044-03-15 00:00:00+00 BC"}', '["0044-03-15T00:00:00.000000Z BC"]'],
    ],
  },
]

const DERIVED_CASES: readonly TypeCase[] = [
  { type: 'mood', schema: STRING, values: [['sad'], ['very "happy"'], ['ok\\no'], ['é, {}']] },
  {
    type: 'mood[]',
    schema: arrayOf(STRING),
    values: [['{sad,"very \\"happy\\"",NULL,"é, {}"}', '["sad","very \\"happy\\"",null,"é, {}"]']],
  },
  {
    type: 'item',
    schema: STRING,
    values: [
      [
        '("fuzzy dice",42,1.99,"2004-10-19 10:23:00-08","{a,b}")',
        '"(\\"fuzzy dice\\",42,1.99,\\"2004-10-19 18:23:00+00\\",\\"{a,b}\\")"',
      ],
      ['(,,,,)', '"(,,,,)"'],
      ['("a""b\\\\",,,,"{""x y""}")'],
    ],
  },
  {
    type: 'item[]',
    schema: arrayOf(STRING),
    values: [['{"(a,1,,,)",NULL,"(\\"x y\\",,,,)"}', '["(a,1,,,)",null,"(\\"x y\\",,,,)"]']],
  },
  {
    type: 'positive',
    schema: STRING,
    values: [
      ['5', '"5"'],
      ['2147483647', '"2147483647"'],
    ],
  },
  { type: 'nested', schema: STRING, values: [['99', '"99"']] },
  {
    type: 'positive[]',
    schema: arrayOf(STRING),
    values: [
      ['{5,NULL}', '["5",null]'],
      ['{{1},{2}}', '[["1"],["2"]]'],
    ],
  },
  { type: 'short_text', schema: STRING, values: [['a "b"'], ['']] },
  { type: 'padded', schema: STRING, values: [['a', '"a   "']] },
  {
    type: 'flag',
    schema: STRING,
    values: [
      ['t', '"t"'],
      ['f', '"f"'],
    ],
  },
  { type: 'address', schema: STRING, values: [['10.0.0.1/32', '"10.0.0.1"']] },
  {
    type: 'letter',
    schema: STRING,
    values: [
      ['x', '"x"'],
      ['', '""'],
    ],
  },
  {
    type: 'day',
    schema: STRING,
    values: [
      ['1999-01-08', '"1999-01-08"'],
      ['infinity', '"infinity"'],
    ],
  },
  { type: 'blob', schema: STRING, values: [['\\x00ff', '"\\\\x00ff"']] },
  { type: 'document', schema: STRING, values: [['<a/>', '"<a/>"']] },
  { type: 'numbers', schema: STRING, values: [['{1,2,NULL}', '"{1,2,NULL}"']] },
  { type: 'numbers[]', schema: arrayOf(STRING), values: [['{"{1,2}","{}"}', '["{1,2}","{}"]']] },
  { type: 'feeling', schema: STRING, values: [['sad'], ['very "happy"']] },
  { type: 'line_item', schema: STRING, values: [['(a,1,,,)', '"(a,1,,,)"']] },
  { type: 'prices', schema: STRING, values: [['-1234.5']] },
  {
    type: 'int4range',
    schema: STRING,
    values: [
      ['[1,5]', '"[1,6)"'],
      ['empty', '"empty"'],
      ['(,)', '"(,)"'],
    ],
  },
  { type: 'int8range', schema: STRING, values: [['[9223372036854775806,9223372036854775807)']] },
  { type: 'numrange', schema: STRING, values: [['(1.50,2]', '"(1.50,2]"']] },
  {
    type: 'daterange',
    schema: STRING,
    values: [['[2020-01-01,infinity]'], ['[2020-01-01,2020-01-02]', '"[2020-01-01,2020-01-03)"']],
  },
  {
    type: 'tsrange',
    schema: STRING,
    values: [
      [
        '(2010-01-01 14:30,2010-01-01 15:30)',
        '"(\\"2010-01-01 14:30:00\\",\\"2010-01-01 15:30:00\\")"',
      ],
    ],
  },
  {
    type: 'tstzrange',
    schema: STRING,
    values: [['[2010-01-01 14:30-08,)', '"[\\"2010-01-01 22:30:00+00\\",)"']],
  },
  { type: 'float_range', schema: STRING, values: [['[0.1,1e30)', '"[0.1,1e+30)"']] },
  {
    type: 'text_range',
    schema: STRING,
    values: [
      ['["",a]'],
      ['(,"a b"]'],
      ['("a""b\\\\","c,d")'],
      ['["(","[")'],
      ['[NULL,null]'],
      ['[é,\u{1f600})'],
      ['(a,a)'],
    ],
  },
  {
    type: 'box_of_ranges',
    schema: STRING,
    values: [
      ['(,,,,)'],
      ['("{""[a,\\\\""b \\\\"")""}","[1.50,)",0101,{sad},"(""a b"",1,2.5,,{})")'],
      ['({},empty,"","{NULL,""é, {}""}",)'],
    ],
  },
  {
    type: 'box_of_ranges[]',
    schema: arrayOf(STRING),
    values: [['{"({},empty,1,,)",NULL}', '["({},empty,1,,)",null]']],
  },
  {
    type: 'int4range[]',
    schema: arrayOf(STRING),
    values: [['{"[1,5]",empty}', '["[1,6)","empty"]']],
  },
  {
    type: 'int4multirange',
    schema: STRING,
    since: 14,
    values: [
      ['{[1,2],[5,6]}', '"{[1,3),[5,7)}"'],
      ['{}', '"{}"'],
    ],
  },
  {
    type: 'datemultirange[]',
    schema: arrayOf(STRING),
    since: 14,
    values: [['{"{[2020-01-01,2020-01-02]}"}', '["{[2020-01-01,2020-01-03)}"]']],
  },
  {
    type: 'regclass',
    schema: STRING,
    values: [
      ['pg_class', '"pg_class"'],
      ['4294967295', '"4294967295"'],
      ['-', '"-"'],
    ],
  },
  {
    type: 'regtype',
    schema: STRING,
    values: [
      ['int4', '"integer"'],
      ['"char"', '"\\"char\\""'],
    ],
  },
  { type: 'regproc', schema: STRING, values: [['now', '"now"']] },
  { type: 'regprocedure', schema: STRING, values: [['lower(text)', '"lower(text)"']] },
  { type: 'regoperator', schema: STRING, values: [['+(int4,int4)', '"+(integer,integer)"']] },
  { type: 'regnamespace', schema: STRING, values: [['pg_catalog', '"pg_catalog"']] },
  { type: 'regrole', schema: STRING, values: [['postgres', '"postgres"']] },
  { type: 'regconfig', schema: STRING, values: [['english', '"english"']] },
  { type: 'regdictionary', schema: STRING, values: [['simple', '"simple"']] },
  { type: 'regclass[]', schema: arrayOf(STRING), values: [['{pg_class,-}', '["pg_class","-"]']] },
  { type: 'xid', schema: STRING, values: [['4294967295', '"4294967295"']] },
  {
    type: 'xid8',
    schema: STRING,
    since: 13,
    values: [['18446744073709551615', '"18446744073709551615"']],
  },
  { type: 'cid', schema: STRING, values: [['7', '"7"']] },
  { type: 'tid', schema: STRING, values: [['(4294967294,65535)', '"(4294967294,65535)"']] },
  { type: 'txid_snapshot', schema: STRING, values: [['10:20:10,14,15', '"10:20:10,14,15"']] },
  {
    type: 'int2vector',
    schema: STRING,
    values: [
      ['1 -2 3', '"1 -2 3"'],
      ['', '""'],
    ],
  },
  { type: 'oidvector', schema: STRING, values: [['1 4294967295', '"1 4294967295"']] },
  {
    type: 'aclitem',
    schema: STRING,
    values: [['postgres=r*w/postgres', '"postgres=r*w/postgres"']],
  },
  {
    type: 'aclitem[]',
    schema: arrayOf(STRING),
    values: [['{postgres=r/postgres,=w/postgres}', '["postgres=r/postgres","=w/postgres"]']],
  },
  { type: 'refcursor', schema: STRING, values: [['<unnamed portal 1>']] },
]

/**
 * Every type with its interesting values. Expectations are those of the reference, or the server's
 * text where the case has "text".
 */
export const TYPE_CASES: readonly TypeCase[] = [
  ...NUMBER_CASES,
  ...TEXT_CASES,
  ...TIME_CASES,
  ...GEOMETRIC_CASES,
  ...ARRAY_CASES,
  ...DERIVED_CASES,
]
