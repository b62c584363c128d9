import type { PgType } from './pg-type.ts'
import { INTEGER, type TypeEntry } from './type-entry.ts'

/** `typmod` of numeric is ((precision << 16) | scale) + 4; the scale is a signed 11-bit number. */
const TYPMOD_OFFSET = 4
const SCALE_SIGN = 1024
const SCALE_MASK = 2047
const PRECISION_BITS = 16

/**
 * Adds the precision and scale of numeric(p,s) to the entry of numeric; numeric(p,0) holds only
 * integers.
 */
export function withDecimals(type: TypeEntry, typmod: number): PgType {
  if (typmod < TYPMOD_OFFSET) return type
  const scale = (((typmod - TYPMOD_OFFSET) & SCALE_MASK) ^ SCALE_SIGN) - SCALE_SIGN
  const precision = (typmod - TYPMOD_OFFSET) >> PRECISION_BITS
  const decimal = { precision, scale }
  return scale <= 0 ? { ...type, decimal, jsonSchema: INTEGER } : { ...type, decimal }
}
