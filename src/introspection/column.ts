import { ident } from '../sql.ts'
import type { TypeResolver } from '../types/type-resolver.ts'
import type { Column } from './relation.ts'

/** A column as returned by the server; `typmod` is -1 without a modifier. */
export interface Attribute {
  readonly name: string
  readonly typeOid: number
  readonly typmod: number
  readonly isNullable: boolean
}

/**
 * Returns a factory of columns that shares one type and one order per type and modifier: wide
 * schemas have a hundred thousand columns.
 */
export function columnBuilder(types: TypeResolver): (attribute: Attribute) => Column {
  const known = new Map<string, Pick<Column, 'type' | 'order'>>()
  return ({ name, typeOid, typmod, isNullable }) => {
    const key = `${typeOid}:${typmod}`
    const facts = known.get(key) ?? factsOf(types, { typeOid, typmod })
    known.set(key, facts)
    return { name, typeOid, ...facts, select: types.select(typeOid, ident(name)), isNullable }
  }
}

function factsOf(
  types: TypeResolver,
  { typeOid, typmod }: Pick<Attribute, 'typeOid' | 'typmod'>,
): Pick<Column, 'type' | 'order'> {
  const type = types.resolve(typeOid, typmod)
  return { type, order: type.cursor === null ? null : types.order(typeOid) }
}
