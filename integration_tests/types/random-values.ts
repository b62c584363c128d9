import type { Random } from '../../src/testing/random.ts'

/** Generates the text of a value for the type's input function. */
export type Generator = (random: Random) => string

const CHARACTERS = [
  ...Array.from('abcXYZ019 "\\\'{}[](),;:=<>$%&/|*?!@#~^`_-+.'),
  ...Array.from({ length: 31 }, (_, index) => String.fromCharCode(index + 1)),
  ...Array.from('\u007f\u0080\u00a0éßøПриветمرحبا漢字かな\u2028\u2029\ufeff\ufffd\uffff'),
  '\u{1f600}',
  '\u{10ffff}',
  'NULL',
  'null',
]

function text(random: Random): string {
  if (random.oneIn(50)) return random.pick(CHARACTERS).repeat(random.between(100, 3000))
  return random.repeat(20, () => random.pick(CHARACTERS))
}

function word(random: Random): string {
  return Array.from({ length: random.between(1, 6) }, () =>
    random.pick(Array.from('abcdeXYZ_019')),
  ).join('')
}

function float(random: Random): string {
  if (random.oneIn(30)) return random.pick(['NaN', 'Infinity', '-Infinity', '-0', '1e23', '5e-324'])
  if (random.oneIn(3)) return `${random.between(-1e6, 1e6) / random.pick([1, 2, 10, 1000, 7])}`
  if (random.oneIn(3)) return random.integer(64)
  return String(random.double())
}

function float4(random: Random): string {
  const value = Number(float(random))
  const isInRange = Math.abs(value) < 3.4e38 && (value === 0 || Math.abs(value) > 1e-45)
  return isInRange || !Number.isFinite(value) ? String(Math.fround(value)) : '0.1'
}

function numeric(random: Random): string {
  if (random.oneIn(100)) return 'NaN'
  const size = random.pick([3, 10, 40, 300])
  const sign = random.oneIn(2) ? '-' : ''
  const whole = random.oneIn(4) ? '0' : random.digits(random.between(1, size))
  const zeros = random.oneIn(3) ? '0'.repeat(random.below(size)) : ''
  const fraction = random.oneIn(3) ? '' : `.${zeros}${random.digits(random.between(1, size))}`
  return `${sign}${whole}${random.oneIn(5) ? '0'.repeat(random.below(9)) : ''}${fraction}`
}

function pad(value: number, length = 2): string {
  return String(value).padStart(length, '0')
}

function date(random: Random, maxYear: number): string {
  if (random.oneIn(100)) return random.pick(['infinity', '-infinity'])
  const isBc = random.oneIn(10)
  const year = isBc
    ? random.between(1, 4713)
    : random.between(1, random.pick([maxYear, 2030, 9999]))
  const day = `${pad(year, 4)}-${pad(random.between(1, 12))}-${pad(random.between(1, 28))}`
  return isBc ? `${day} BC` : day
}

function time(random: Random): string {
  if (random.oneIn(50)) return '24:00:00'
  const seconds = random.oneIn(4) ? 0 : random.below(60)
  const decimals = random.pick([0, 0, 1, 3, 5, 6])
  const fraction = decimals === 0 ? '' : `.${pad(random.below(10 ** decimals), decimals)}`
  return `${pad(random.below(24))}:${pad(random.below(60))}:${pad(seconds)}${fraction}`
}

function offset(random: Random): string {
  const seconds = random.oneIn(4) ? `:${pad(random.below(60))}` : ''
  const minutes = random.pick(['', `:${pad(random.below(60))}${seconds}`])
  return `${random.pick(['+', '-'])}${pad(random.below(16))}${minutes}`
}

function timestamp(random: Random, zone: string): string {
  const day = date(random, 294_000)
  if (day.endsWith('infinity')) return day
  const [civil = '', era = ''] = day.split(' ')
  return `${civil} ${time(random)}${zone} ${era}`
}

function interval(random: Random): string {
  const sign = (): string => random.pick(['', '-'])
  const part = (unit: string, limit: number): string =>
    random.oneIn(2) ? '' : `${sign()}${random.below(limit)} ${unit} `
  const days = part('years', 9999) + part('mons', 12) + part('days', 99_999)
  return `${days}${sign()}${random.below(99_999)}:${pad(random.below(60))}:${pad(random.below(60))}.${random.below(1e6)}`
}

function quotedJson(random: Random): string {
  return JSON.stringify(text(random).replaceAll('\uffff', '')) // U+0000 is the only character that jsonb rejects
}

function json(random: Random, depth = 3): string {
  const leaf = depth === 0 || random.oneIn(2)
  const space = random.pick(['', ' ', '\n\t'])
  if (leaf) {
    const number = numeric(random)
      .replace('NaN', '0')
      .replace(/^(-?)0+(?=\d)/, '$1')
    return random.pick(['null', 'true', 'false', number, quotedJson(random)])
  }
  const items = Array.from({ length: random.below(4) }, () => json(random, depth - 1))
  if (random.oneIn(2)) return `[${space}${items.join(`,${space}`)}]`
  return `{${items.map((item) => `${quotedJson(random)}${space}:${item}`).join(',')}${space}}`
}

function doubleQuoted(value: string): string {
  return `"${value.replaceAll(/["\\]/g, '\\$&')}"`
}

function hstore(random: Random): string {
  const pair = (): string => {
    const value = random.oneIn(5) ? 'NULL' : doubleQuoted(text(random))
    return `${doubleQuoted(text(random))}=>${value}`
  }
  return random.repeat(4, pair, ', ')
}

function lexeme(random: Random): string {
  return `'${word(random)}${random.pick(['', "''", '\\\\', ' ', '"', ':'])}'`
}

function point(random: Random): string {
  return `(${float(random)},${float(random)})`
}

function finitePoint(random: Random): string {
  return `(${random.between(-1e9, 1e9) / 1000},${random.between(-1e9, 1e9) / 1e9})`
}

function points(random: Random): string {
  return Array.from({ length: random.between(1, 5) }, () => finitePoint(random)).join(',')
}

function bits(random: Random): string {
  return random.repeat(70, () => random.pick(['0', '1']))
}

function hex(random: Random, bytes: number): string {
  return Array.from({ length: bytes }, () => random.below(256).toString(16).padStart(2, '0')).join(
    '',
  )
}

function ipv4(random: Random): string {
  return Array.from({ length: 4 }, () => random.below(256)).join('.')
}

function ipv6(random: Random): string {
  const group = (): string => (random.oneIn(2) ? '0' : random.below(65_536).toString(16))
  return Array.from({ length: 8 }, group).join(':')
}

function inet(random: Random): string {
  const isFour = random.oneIn(2)
  const mask = random.oneIn(2) ? '' : `/${random.between(0, isFour ? 32 : 128)}`
  return `${isFour ? ipv4(random) : ipv6(random)}${mask}`
}

function cidr(random: Random): string {
  return random.pick([
    `${ipv4(random)}/32`,
    `${random.below(256)}.0.0.0/${random.between(8, 32)}`,
    `${random.below(65_536).toString(16)}::/${random.between(16, 128)}`,
  ])
}

function snapshot(random: Random): string {
  const xmin = random.between(1, 1e6)
  return `${xmin}:${xmin + 10}:${random.oneIn(2) ? '' : `${xmin + 1},${xmin + 5}`}`
}

/** An object id is a valid input of every reg type, also if no object has it. */
function objectOid(random: Random): string {
  return random.pick(['0', '1259', '16', '10', '11', '3748', '23', '1255', String(random.word())])
}

function acl(random: Random): string {
  const privileges = Array.from('arwdDxt')
    .filter(() => random.oneIn(2))
    .join('')
  return `${random.pick(['postgres', ''])}=${privileges}/postgres`
}

function isXmlCharacter(character: string): boolean {
  return '\t\n\r'.includes(character) || (character >= ' ' && character !== '\uffff')
}

function xml(random: Random): string {
  const content = Array.from(text(random))
    .filter((character) => isXmlCharacter(character))
    .join('')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
  const declaration = random.pick([
    '',
    '<?xml version="1.0"?>',
    '<?xml version="1.0" standalone="no"?>\n',
  ])
  return `${declaration}<a b="1">${content.replaceAll(']]>', '')}</a>`
}

/**
 * Base types by name; the values of arrays, domains, ranges and composites are built from these.
 */
export const GENERATORS: Readonly<Record<string, Generator>> = {
  aclitem: acl,
  bit: (random) => bits(random),
  bool: (random) => random.pick(['t', 'f']),
  box: (random) => `${finitePoint(random)},${finitePoint(random)}`,
  bpchar: text,
  bytea: (random) => `\\x${hex(random, random.oneIn(20) ? 5000 : random.below(30))}`,
  char: (random) => String.fromCharCode(random.between(1, 126)),
  cid: (random) => String(random.word()),
  cidr,
  circle: (random) => `<${finitePoint(random)},${random.below(1e6) / 1000}>`,
  citext: text,
  cube: (random) => `(${random.between(-99, 99)}),(${random.below(1e6) / 64})`,
  date: (random) => date(random, 5_874_000),
  float4,
  float8: float,
  hstore,
  inet,
  int2: (random) => random.integer(16),
  int2vector: (random) => random.repeat(9, () => random.integer(16), ' '),
  int4: (random) => random.integer(32),
  int8: (random) => random.integer(64),
  interval,
  json,
  jsonb: json,
  jsonpath: (random) => `$.${word(random).replaceAll(/\d/g, 'k')}k[*] ? (@ > ${random.below(99)})`,
  line: (random) => `{${random.between(1, 99)},${random.below(1e6) / 1000},-${random.below(99)}}`,
  lseg: (random) => `[${finitePoint(random)},${finitePoint(random)}]`,
  lquery: (random) =>
    random.repeat(4, () => random.pick(['*', 'a|b@', '*{1,2}', '!c']), '.') || '*',
  ltree: (random) => random.repeat(5, () => word(random), '.'),
  ltxtquery: (random) => `${random.pick(['', '!'])}a${random.below(99)} & (b@ | c*)`,
  macaddr: (random) => hex(random, 6),
  macaddr8: (random) => hex(random, 8),
  money: (random) =>
    `${random.pick(['', '-'])}${random.digits(random.between(1, 16))}.${random.digits(2)}`,
  name: (random) => Array.from(text(random)).slice(0, 15).join(''),
  numeric,
  oid: (random) => String(random.word()),
  oidvector: (random) => random.repeat(9, () => String(random.word()), ' '),
  path: (random) => random.pick([`[${points(random)}]`, `(${points(random)})`]),
  pg_lsn: (random) => `${random.word().toString(16)}/${random.word().toString(16)}`,
  pg_snapshot: snapshot,
  point,
  polygon: (random) => `(${points(random)})`,
  refcursor: text,
  regclass: objectOid,
  regcollation: objectOid,
  regconfig: objectOid,
  regdatabase: objectOid,
  regdictionary: objectOid,
  regnamespace: objectOid,
  regoper: objectOid,
  regoperator: objectOid,
  regproc: objectOid,
  regprocedure: objectOid,
  regrole: objectOid,
  regtype: objectOid,
  text,
  tid: (random) => `(${random.word()},${random.below(65_536)})`,
  time,
  timestamp: (random) => timestamp(random, ''),
  timestamptz: (random) => timestamp(random, offset(random)),
  timetz: (random) => `${time(random)}${offset(random)}`,
  tsquery: (random) => random.repeat(4, () => lexeme(random), random.pick([' & ', ' | ', ' <-> '])),
  tsvector: (random) =>
    random.repeat(6, () => `${lexeme(random)}${random.pick(['', ':1A,3', ':7'])}`, ' '),
  txid_snapshot: snapshot,
  uuid: (random) => hex(random, 16),
  varbit: bits,
  varchar: text,
  xid: (random) => String(random.word()),
  xid8: (random) => String(BigInt(random.word()) * 0x1_0000_0001n),
  xml,
}

/** Types of `pg_type` without a generator, and the reason. */
export const WITHOUT_VALUES: Readonly<Record<string, string>> = {
  ghstore: 'its input function rejects every value: only indexes contain it',
  gtsvector: 'its input function rejects every value: only indexes contain it',
  ltree_gist: 'its input function rejects every value: only indexes contain it',
  pg_brin_bloom_summary: 'its input function rejects every value: only indexes contain it',
  pg_brin_minmax_multi_summary: 'its input function rejects every value: only indexes contain it',
  pg_dependencies: 'its input function rejects every value: read from pg_statistic_ext_data',
  pg_mcv_list: 'its input function rejects every value: read from pg_statistic_ext_data',
  pg_ndistinct: 'its input function rejects every value: read from pg_statistic_ext_data',
  pg_node_tree: 'its input function rejects every value: read from pg_rewrite and pg_attrdef',
}
