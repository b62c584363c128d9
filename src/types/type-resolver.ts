import { ident } from '../sql.ts'
import { binaryArrayWriter } from './array/array-binary.ts'
import { arrayWriter } from './array/array.ts'
import { logForms, type PgType } from './pg-type.ts'
import {
  arrayPrinter,
  multirangePrinter,
  rangePrinter,
  recordPrinter,
} from './printers/nested-printers.ts'
import { printed, type Printer, printText } from './printers/printer.ts'
import { enumEntry, findEntry, textEntry, type TypeSource } from './registry.ts'
import { writeString } from './text.ts'
import { ORDERED, type TypeEntry, type TypeFacts } from './type-entry.ts'
import { type QualifiedName, TypeOrder } from './type-order.ts'

/** Row of `pg_type`, with the columns that decide about the forms of values. */
export interface TypeRow extends TypeFacts {
  readonly oid: number
  readonly schema: string
  /** `typname` */
  readonly name: string
  /** `b` base, `c` composite, `d` domain, `e` enum, `m` multirange, `p` pseudo, `r` range */
  readonly typtype: string
  /** `typcategory`. It identifies arrays, because `name` and `point` have a `typelem`, too. */
  readonly category: string
  readonly elementOid: number
  /** `typdelim`: the delimiter between the elements of an array of this type. */
  readonly delimiter: string
  readonly baseOid: number
  /** Subtype of a range, range of a multirange; otherwise 0. */
  readonly partOid: number
  /** Types of the fields of a composite. */
  readonly fieldOids: readonly number[]
  /** Whether the type has a binary form. */
  readonly hasSend: boolean
  /**
   * Whether `::text` calls a cast function, which may return a different text than the output
   * function.
   */
  readonly hasTextCast: boolean
  readonly outputFunction: QualifiedName
  /** Name of the extension that the type belongs to; null: none. */
  readonly extension: string | null
  /**
   * The `COMPARISONS` of its default btree operator class; null: it has none that the role may use.
   */
  readonly operators: readonly QualifiedName[] | null
}

/** Types of the array category whose text is not in braces. */
const VECTORS: ReadonlySet<string> = new Set(['int2vector', 'oidvector'])
const TEXT = 'pg_catalog.text'
/** Types of pg_catalog whose values are compared with each other. */
const COMPARED_TYPES: readonly ReadonlySet<string>[] = [
  new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8']),
  new Set(['text', 'varchar', 'bpchar']),
]

/** Resolves the types of one database: how their columns are selected, described and written. */
export class TypeResolver {
  readonly #rows: ReadonlyMap<number, TypeRow>
  readonly #find: (source: TypeSource) => TypeEntry | undefined

  /** @param find finds the entry of a type in the registry. */
  constructor(rows: Iterable<TypeRow>, find = findEntry) {
    this.#rows = new Map(Array.from(rows, (row) => [row.oid, row]))
    this.#find = find
  }

  /** Returns the type of a column. An oid that is not in the catalog is read as text. */
  resolve(oid: number, typmod: number): PgType {
    const row = this.#rows.get(oid)
    if (row === undefined) return textEntry(`type ${oid}`)
    const type = this.#withoutPrinter(row, typmod)
    if (!row.hasSend) return { ...type, hasOnlyText: true }
    const { writeText, writeBinary } = logForms(type)
    if (writeBinary !== undefined) return type
    const print = this.#printer(row)
    if (print === undefined) return type
    const forms = { writeText, writeBinary: printed(print, writeText) }
    return row.typtype === 'b' && this.#baseEntry(row).isCopiedInBinary === true
      ? { ...type, ...forms }
      : { ...type, log: forms }
  }

  /** Builds the SQL expression that returns a column in the form that its writer reads. */
  select(oid: number, quotedName: string): string {
    const row = this.#rows.get(oid)
    if (row === undefined) return `${quotedName}::${TEXT}`
    const element = this.#element(row)
    const cast = this.#baseEntry(element ?? row).castTo
    if (cast !== undefined) {
      return element === undefined ? `${quotedName}::${cast}` : `${quotedName}::${cast}[]::${TEXT}`
    }
    return this.resolve(oid, -1).writeBinary === undefined
      ? this.#textForm(row, quotedName)
      : quotedName
  }

  /**
   * Returns how values of the type are compared; null: it has no operators that the role may use.
   */
  order(oid: number): TypeOrder | null {
    const row = this.#rows.get(oid)
    if (row === undefined) return null
    const base = this.#base(row)
    const { operators } = base
    if (operators === null) return null
    const toText = (expression: string): string => this.#textForm(base, expression)
    return new TypeOrder({ type: base, operators, toText })
  }

  /** Whether two types are the same or domains over the same type. */
  hasSameBase(oid: number, otherOid: number): boolean {
    return this.#baseOf(oid)?.oid === this.#baseOf(otherOid)?.oid
  }

  /** Whether an `=` operator of pg_catalog compares values of both types. */
  hasCommonEquality(oid: number, otherOid: number): boolean {
    const [one, other] = [this.#baseOf(oid), this.#baseOf(otherOid)]
    if (one?.schema !== 'pg_catalog' || other?.schema !== 'pg_catalog') return false
    return COMPARED_TYPES.some((names) => names.has(one.name) && names.has(other.name))
  }

  #baseOf(oid: number): TypeRow | undefined {
    const row = this.#rows.get(oid)
    return row === undefined ? undefined : this.#base(row)
  }

  #withoutPrinter(row: TypeRow, typmod: number): PgType {
    const element = this.#element(row)
    if (element !== undefined) return this.#array(row, element)
    if (row.typtype === 'd') return this.#domain(row)
    const entry = this.#baseEntry(row)
    if (entry.inLog !== undefined) return { ...entry, log: entry.inLog(row) }
    return entry.withModifier?.(entry, typmod) ?? entry
  }

  /** Absent: the text of a value cannot be printed from its binary form. */
  #printer(row: TypeRow | undefined): Printer | undefined {
    if (!row?.hasSend) return undefined
    const element = this.#element(row)
    if (element !== undefined) {
      const print = this.#printer(element)
      return print && arrayPrinter(print, element.delimiter)
    }
    switch (row.typtype) {
      case 'c':
        return this.#recordPrinter(row)
      case 'd':
        return this.#printer(this.#rows.get(row.baseOid))
      case 'e':
        return printText
      case 'm':
      case 'r': {
        const print = this.#printer(this.#rows.get(row.partOid))
        return print && (row.typtype === 'r' ? rangePrinter(print) : multirangePrinter(print))
      }
      default:
        return this.#baseEntry(row).print?.(row)
    }
  }

  #recordPrinter({ fieldOids }: TypeRow): Printer | undefined {
    const printers = new Map<number, Printer>()
    for (const oid of fieldOids) {
      const print = this.#printer(this.#rows.get(oid))
      if (print === undefined) return undefined
      printers.set(oid, print)
    }
    return recordPrinter(printers)
  }

  #element(row: TypeRow): TypeRow | undefined {
    const isVector = row.schema === 'pg_catalog' && VECTORS.has(row.name)
    if (row.category !== 'A' || row.typtype === 'd' || isVector) return undefined
    return this.#rows.get(row.elementOid)
  }

  #array(row: TypeRow, elementRow: TypeRow): PgType {
    const type = this.resolve(elementRow.oid, -1)
    const special = this.#baseEntry(elementRow).element
    const { delimiter } = elementRow
    const { log } = this.#withoutPrinter(elementRow, -1)
    const writeText = special?.writeText ?? type.writeText
    const writeBinary = special?.writeBinary ?? logForms(type).writeBinary
    return {
      ...textEntry(row.name),
      jsonSchema: { type: 'array', items: special?.jsonSchema ?? type.jsonSchema },
      writeText: arrayWriter(writeText, delimiter),
      log: {
        writeText: arrayWriter(log?.writeText ?? writeText, delimiter),
        ...(writeBinary && { writeBinary: binaryArrayWriter(writeBinary) }),
      },
    }
  }

  /**
   * Type of a domain, like in the official connector: a string with its text, independently of its
   * base type.
   */
  #domain(row: TypeRow): PgType {
    const base = this.resolve(row.baseOid, -1)
    const type = { ...textEntry(row.name), cursor: base.cursor }
    if (base.writeBinary !== writeString) return type
    return { ...type, arrow: base.arrow, writeBinary: writeString }
  }

  /** Builds the text of the output function, which arrays and logical decoding also contain. */
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

  /** Entry of a base type. A type outside the registry can be a cursor if it has an order. */
  #baseEntry(row: TypeRow): TypeEntry {
    if (row.typtype === 'e') return enumEntry(row.name)
    const known = row.typtype === 'b' ? this.#find(row) : undefined
    if (known !== undefined) return known
    const isOrdered = row.typtype === 'b' && row.schema !== 'pg_catalog' && row.operators !== null
    return { ...textEntry(row.name), cursor: isOrdered ? ORDERED : null }
  }
}
