import { isDeepStrictEqual } from 'node:util'
import { alteredKey, alteredType } from './values/altered-type.ts'
import { isReadInBinary, type PgType } from '../../../types/pg-type.ts'
import type { TypeResolver } from '../../../types/type-resolver.ts'
import type { LogRelation } from '../../../wire/pgoutput.ts'
import type { BoundColumn } from '../../feed.ts'
import type { LogStream } from './log-stream.ts'
import type { LoggedColumns } from './logged-columns.ts'

/** The fields of a stream as columns of one relation in the log. */
export interface BoundColumns {
  /** Null: the relation does not have the field. */
  readonly columns: readonly (BoundColumn | null)[]
  /** Indexes of columns whose logged values cannot be converted to the current type. */
  readonly retyped: readonly number[]
  /** Whether the binary form of all values can be read. */
  readonly hasBinaryForm: boolean
}

/** @param types all types of the relation's columns. */
export function bindColumns(
  stream: LogStream,
  { columns, logged }: Pick<LogRelation, 'columns'> & { readonly logged: LoggedColumns },
  types: TypeResolver,
): BoundColumns {
  const { fields, relation } = stream.plan
  const retyped: number[] = []
  const typeOf = (name: string, index: number, now: PgType): PgType => {
    const { typeOid, typmod } = columns[index]!
    const then = types.resolve(typeOid, typmod)
    const isSame =
      typeOid === stream.typeOf(name) && isDeepStrictEqual(then.jsonSchema, now.jsonSchema)
    if (isSame) return then
    if (relation.log?.key.includes(name) === true) return alteredKey(then, now)
    const altered = alteredType(then, now)
    if (altered === null) retyped.push(index)
    return altered ?? now
  }
  const bound = fields.map(({ name, type }) => {
    const index = logged.indexOf(name)
    return index === undefined || type === null ? null : { index, type: typeOf(name, index, type) }
  })
  const hasBinaryForm = bound.every(
    (column) => column === null || retyped.includes(column.index) || isReadInBinary(column.type),
  )
  return { columns: bound, retyped, hasBinaryForm }
}
