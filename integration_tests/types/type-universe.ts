import type { TestDatabase } from '../helpers/database.ts'
import type { Random } from '../../src/testing/random.ts'
import { type Generator, GENERATORS, WITHOUT_VALUES } from './random-values.ts'

/** A type of a column, from `pg_type`. */
export interface UniverseType {
  readonly oid: string
  readonly name: string
  /** Its name in SQL. */
  readonly sql: string
  /** `typtype`, but `a` for arrays. */
  readonly kind: string
  /** Element type of an array. */
  readonly element: UniverseType | null
  readonly delimiter: string
  readonly generate: Generator
}

/** User-defined types of each kind. */
export const UNIVERSE_SETUP = `
  CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE EXTENSION citext; CREATE EXTENSION cube;
  CREATE TYPE mood AS ENUM ('sad', 'very "happy"', 'ok\\no', 'é, {}', 'NULL');
  CREATE TYPE item AS (name text, supplier int, price numeric, at timestamptz, tags text[], mood mood);
  CREATE TYPE order_line AS (item item, quantities int[], letter "char", flag bool);
  CREATE TYPE float_range AS RANGE (subtype = float8, subtype_diff = float8mi);
  CREATE TYPE text_range AS RANGE (subtype = text); CREATE TYPE inet_range AS RANGE (subtype = inet);
  CREATE DOMAIN whole AS int8; CREATE DOMAIN label AS varchar; CREATE DOMAIN deeper AS label;
  CREATE DOMAIN list AS int[]; CREATE DOMAIN letter AS "char"; CREATE DOMAIN document AS xml;
  CREATE DOMAIN feeling AS mood; CREATE DOMAIN line_item AS item; CREATE DOMAIN padded AS char(9);
  CREATE DOMAIN flag AS bool; CREATE DOMAIN address AS inet; CREATE DOMAIN blob AS bytea;
  CREATE DOMAIN price AS money; CREATE DOMAIN instant AS timestamptz; CREATE DOMAIN attributes AS hstore;
`

/** Domains that do not accept every value of their base type. */
const DOMAIN_GENERATORS: Readonly<Record<string, Generator>> = {
  cardinal_number: (random) => String(random.below(2 ** 31)),
  padded: (random) => random.digits(random.between(1, 9)),
  yes_or_no: (random) => random.pick(['YES', 'NO']),
}

interface TypeFacts {
  readonly oid: string
  readonly name: string
  readonly sql: string
  readonly kind: string
  readonly elementOid: string
  readonly delimiter: string
  /** Base of a domain, subtype of a range, range of a multirange. */
  readonly partOid: string
  readonly labels: readonly string[] | null
  readonly fieldOids: readonly string[] | null
}

/** Selects all types except pseudo-types and row types of relations. */
function universeSql(major: number): string {
  const multirange =
    major >= 14 ? '(SELECT rngtypid FROM pg_range WHERE rngmultitypid = t.oid)' : 'NULL'
  return `
    SELECT json_agg(json_build_object(
      'oid', t.oid::text, 'name', t.typname, 'sql', format_type(t.oid, -1),
      'kind', CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 AND t.typtype = 'b'
                     AND t.typname NOT IN ('int2vector', 'oidvector') THEN 'a' ELSE t.typtype::text END,
      'elementOid', t.typelem::text, 'delimiter', t.typdelim::text,
      'partOid', coalesce(nullif(t.typbasetype, 0), ${multirange},
                          (SELECT rngsubtype FROM pg_range WHERE rngtypid = t.oid), 0)::text,
      'labels', (SELECT json_agg(enumlabel) FROM pg_enum WHERE enumtypid = t.oid),
      'fieldOids', (SELECT json_agg(atttypid::text ORDER BY attnum) FROM pg_attribute
                    WHERE attrelid = t.typrelid AND attnum > 0)
    ) ORDER BY t.oid) AS types
    FROM pg_type AS t
    LEFT JOIN pg_type AS element ON element.oid = t.typelem AND t.typcategory = 'A'
    LEFT JOIN pg_class AS row_of ON row_of.oid = greatest(t.typrelid, element.typrelid) AND row_of.oid <> 0
    WHERE 'p' NOT IN (t.typtype, coalesce(element.typtype, 'b')) AND coalesce(row_of.relkind, 'c') = 'c'`
}

/**
 * Returns every type of the database with a generator of its values.
 * @throws Error with a type that has neither a generator nor a reason for its absence.
 */
export async function readUniverse(db: TestDatabase): Promise<UniverseType[]> {
  const [row] = await db.sql(universeSql(db.server.major))
  const facts: TypeFacts[] = JSON.parse(row?.['types'] ?? '[]')
  const byOid = new Map(facts.map((fact) => [fact.oid, fact]))
  const types = facts.filter((fact) => hasValues(fact, byOid))
  return types.map((fact) => toUniverse(fact, byOid))
}

function hasValues(fact: TypeFacts, byOid: ReadonlyMap<string, TypeFacts>): boolean {
  if (fact.kind === 'a') return hasValues(part(byOid, fact.elementOid), byOid)
  return fact.kind !== 'b' || WITHOUT_VALUES[fact.name] === undefined
}

function toUniverse(fact: TypeFacts, byOid: ReadonlyMap<string, TypeFacts>): UniverseType {
  const { oid, name, sql, kind } = fact
  const elementFact = kind === 'a' ? part(byOid, fact.elementOid) : null
  const element = elementFact === null ? null : toUniverse(elementFact, byOid)
  const generate = generatorOf(fact, byOid)
  return { oid, name, sql, kind, element, delimiter: elementFact?.delimiter ?? ',', generate }
}

function generatorOf(fact: TypeFacts, byOid: ReadonlyMap<string, TypeFacts>): Generator {
  const generatorAt = (oid: string): Generator => generatorOf(part(byOid, oid), byOid)
  switch (fact.kind) {
    case 'a':
      return arrayGenerator(generatorAt(fact.elementOid), part(byOid, fact.elementOid).delimiter)
    case 'd':
      return DOMAIN_GENERATORS[fact.name] ?? generatorAt(fact.partOid)
    case 'e':
      return (random) => random.pick(fact.labels ?? [])
    case 'r':
      return rangeGenerator(generatorAt(fact.partOid), part(byOid, fact.partOid).name !== 'text')
    case 'm':
      return (random) => `{${random.repeat(3, () => generatorAt(fact.partOid)(random), ',')}}`
    case 'c':
      return recordGenerator((fact.fieldOids ?? []).map(generatorAt))
    default:
      return baseGenerator(fact.name)
  }
}

function baseGenerator(name: string): Generator {
  const generate = GENERATORS[name]
  if (generate !== undefined) return generate
  throw new Error(`pg_type has ${name}: add a generator, or a reason why it has no values`)
}

function arrayGenerator(element: Generator, delimiter: string): Generator {
  return (random) => {
    const sizes = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () => random.between(1, 3))
    if (random.oneIn(20)) return '{}'
    const bounds = sizes.map((size) => {
      const low = random.between(-2, 5)
      return `[${low}:${low + size - 1}]`
    })
    return `${random.oneIn(4) ? `${bounds.join('')}=` : ''}${arrayText(random, sizes, element, delimiter)}`
  }
}

function arrayText(
  random: Random,
  sizes: readonly number[],
  element: Generator,
  delimiter: string,
): string {
  const [size, ...rest] = sizes
  if (size === undefined) {
    if (random.oneIn(8)) return 'NULL'
    return quoted(element(random))
  }
  const items = Array.from({ length: size }, () => arrayText(random, rest, element, delimiter))
  return `{${items.join(delimiter)}}`
}

/** Bounds in ascending order if they are numbers; otherwise one bound is enough. */
function rangeGenerator(subtype: Generator, hasNumbers: boolean): Generator {
  return (random) => {
    const [low = '', high = ''] = [subtype(random), subtype(random)].toSorted(
      (a, b) => Number(a) - Number(b),
    )
    const areOrdered = hasNumbers && Number(low) < Number(high)
    const both = areOrdered
      ? `${random.pick(['[', '('])}${quoted(low)},${quoted(high)})`
      : `[${quoted(low)},${quoted(low)})`
    return random
      .pick(['empty', `[${quoted(low)},)`, `(,${quoted(high)})`, both, both])
      .replace(
        /^\(("-?9223372036854775808"|"-?2147483648"|"9223372036854775807"|"2147483647")/,
        '[$1',
      )
  }
}

function recordGenerator(fields: readonly Generator[]): Generator {
  return (random) => `(${fields.map((generate) => fieldText(random, generate)).join(',')})`
}

function fieldText(random: Random, generate: Generator): string {
  return random.oneIn(6) ? '' : quoted(generate(random))
}

/** Quotes a value for arrays, ranges and records. */
function quoted(value: string): string {
  return `"${value.replaceAll(/["\\]/g, '\\$&')}"`
}

function part(byOid: ReadonlyMap<string, TypeFacts>, oid: string): TypeFacts {
  const fact = byOid.get(oid)
  if (fact === undefined) throw new Error(`pg_type has no ${oid}`)
  return fact
}
