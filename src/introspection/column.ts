import { ident } from '../sql.ts'
import type { PgType } from '../types/pg-type.ts'
import type { TypeCatalog } from '../types/resolve.ts'
import type { Column } from './relation.ts'

/** A column as the server names it; `typmod` is -1 without a modifier. */
export interface Attribute {
  readonly name: string
  readonly typeOid: number
  readonly typmod: number
  readonly isNullable: boolean
}

/** Makes columns that share one `PgType` per type and modifier: wide schemas have a hundred thousand of them. */
export function columnBuilder(types: TypeCatalog): (attribute: Attribute) => Column {
  const known = new Map<string, PgType>()
  return ({ name, typeOid, typmod, isNullable }) => {
    const key = `${typeOid}:${typmod}`
    const type = known.get(key) ?? types.resolve(typeOid, typmod)
    known.set(key, type)
    return { name, type, select: types.select(typeOid, ident(name)), isNullable }
  }
}
