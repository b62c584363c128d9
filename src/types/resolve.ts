import { ident } from '../sql.ts'
import { arrayWriter } from './array.ts'
import type { PgType } from './pg-type.ts'
import { findEntry, INTEGER, textEntry, type TypeEntry } from './registry.ts'
import { writeString } from './text.ts'

/** A row of `pg_type`, as far as the value forms depend on it. */
export interface TypeRow {
  readonly oid: number
  readonly schema: string
  /** `typname` */
  readonly name: string
  /** `b` base, `c` composite, `d` domain, `e` enum, `m` multirange, `p` pseudo, `r` range */
  readonly typtype: string
  /** `typcategory`; arrays are found by it, since `name` and `point` have a `typelem` too. */
  readonly category: string
  readonly elementOid: number
  /** `typdelim`: what stands between the elements of an array of this type. */
  readonly delimiter: string
  readonly baseOid: number
  /** Whether `::text` calls a cast function, which may print something else than the output function. */
  readonly hasTextCast: boolean
  readonly outputFunction: { readonly schema: string; readonly name: string }
}

/** Arrays by category whose text is not in braces. */
const VECTORS: ReadonlySet<string> = new Set(['int2vector', 'oidvector'])
const TEXT = 'pg_catalog.text'
/** `typmod` of numeric is ((precision << 16) | scale) + 4; the scale is a signed 11-bit number. */
const TYPMOD_OFFSET = 4
const SCALE_SIGN = 1024
const SCALE_MASK = 2047
const PRECISION_BITS = 16

/** Answers, for the types of one database, how a column is selected, described and written. */
export class TypeCatalog {
  readonly #rows: ReadonlyMap<number, TypeRow>

  constructor(rows: Iterable<TypeRow>) {
    this.#rows = new Map(Array.from(rows, (row) => [row.oid, row]))
  }

  /** The type of a column. An oid that is not in the catalog is read as text. */
  resolve(oid: number, typmod: number): PgType {
    const row = this.#rows.get(oid)
    if (row === undefined) return textEntry(`type ${oid}`)
    const element = this.#element(row)
    if (element !== undefined) return this.#array(row, element)
    if (row.typtype === 'd') return this.#domain(row)
    if (row.typtype === 'e') return { ...textEntry(row.name), writeBinary: writeString }
    return scaled(baseEntry(row), typmod)
  }

  /** The SQL expression that gives a column in the form that its type's writer reads. */
  select(oid: number, quotedName: string): string {
    const row = this.#rows.get(oid)
    if (row === undefined) return `${quotedName}::${TEXT}`
    const element = this.#element(row)
    const cast = baseEntry(element ?? row).castTo
    if (cast !== undefined) {
      return element === undefined ? `${quotedName}::${cast}` : `${quotedName}::${cast}[]::${TEXT}`
    }
    return this.resolve(oid, -1).writeBinary === undefined
      ? this.#textForm(row, quotedName)
      : quotedName
  }

  #element(row: TypeRow): TypeRow | undefined {
    if (row.category !== 'A' || row.typtype === 'd' || VECTORS.has(row.name)) return undefined
    return this.#rows.get(row.elementOid)
  }

  #array(row: TypeRow, elementRow: TypeRow): PgType {
    const type = this.resolve(elementRow.oid, -1)
    const special = baseEntry(elementRow).element
    return {
      ...textEntry(row.name),
      jsonSchema: { type: 'array', items: special?.jsonSchema ?? type.jsonSchema },
      writeText: arrayWriter(special?.writeText ?? type.writeText, elementRow.delimiter),
    }
  }

  /** As the official connector has it: a domain is a string with its text, whatever it is made of. */
  #domain(row: TypeRow): PgType {
    const base = this.resolve(row.baseOid, -1)
    const type = { ...textEntry(row.name), isCursor: base.isCursor }
    return base.writeBinary === writeString ? { ...type, writeBinary: writeString } : type
  }

  /** The text of the output function, which is what arrays and logical decoding carry too. */
  #textForm(row: TypeRow, quotedName: string): string {
    const base = this.#base(row)
    if (!base.hasTextCast) return `${quotedName}::${TEXT}`
    const { schema, name } = base.outputFunction
    const value = base === row ? quotedName : `${quotedName}::${ident(base.schema, base.name)}`
    return `pg_catalog.textin(${ident(schema, name)}(${value}))`
  }

  #base(row: TypeRow): TypeRow {
    let base = row
    while (base.typtype === 'd') {
      const next = this.#rows.get(base.baseOid)
      if (next === undefined) return base
      base = next
    }
    return base
  }
}

function baseEntry(row: TypeRow): TypeEntry {
  const known = row.typtype === 'b' ? findEntry(row.schema, row.name) : undefined
  return known ?? textEntry(row.name)
}

/** numeric(p,s) says how many digits there are; numeric(p,0) holds integers only. */
function scaled(type: TypeEntry, typmod: number): PgType {
  if (type.name !== 'numeric' || typmod < TYPMOD_OFFSET) return type
  const scale = (((typmod - TYPMOD_OFFSET) & SCALE_MASK) ^ SCALE_SIGN) - SCALE_SIGN
  const precision = (typmod - TYPMOD_OFFSET) >> PRECISION_BITS
  const decimal = { precision, scale }
  return scale <= 0 ? { ...type, decimal, jsonSchema: INTEGER } : { ...type, decimal }
}
