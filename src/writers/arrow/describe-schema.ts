import { TimeUnit } from 'apache-arrow/enum'
import { DataType } from 'apache-arrow/type'
import type { JsonObject } from '../../json/json.ts'
import { type ArrowOptions, arrowSchema, type ArrowSource } from './arrow-fields.ts'

/**
 * The Arrow schema of a stream for `discover --arrow-schema`, with the names of types from
 * docs/types.md.
 */
export function describeSchema(columns: readonly ArrowSource[], options: ArrowOptions): JsonObject {
  const fields = arrowSchema(columns, options).fields.map(({ name, type, nullable }) => ({
    name,
    type: arrowTypeName(type),
    nullable,
  }))
  return { fields }
}

/** The name of an Arrow type, such as `timestamp[ns, UTC]`. */
export function arrowTypeName(type: DataType): string {
  if (DataType.isTimestamp(type)) {
    const unit = type.unit === TimeUnit.NANOSECOND ? 'ns' : 'us'
    const { timezone } = type
    return typeof timezone === 'string' ? `timestamp[${unit}, ${timezone}]` : `timestamp[${unit}]`
  }
  if (DataType.isDecimal(type)) return `decimal${type.bitWidth}(${type.precision}, ${type.scale})`
  if (DataType.isFixedSizeBinary(type)) return `fixed_size_binary[${type.byteWidth}]`
  if (DataType.isDate(type)) return 'date32'
  if (DataType.isUtf8(type)) return 'utf8'
  if (DataType.isFloat(type)) return 'float64'
  if (DataType.isBool(type)) return 'bool'
  if (DataType.isInt(type)) return `int${type.bitWidth}`
  throw new Error('an Arrow type that no column has')
}
