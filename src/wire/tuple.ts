/**
 * Sizes in a row of a COPY BINARY stream: an int16 number of fields, then for each field an int32
 * length, -1 for NULL, and its bytes.
 */
export const COUNT_BYTES = 2
export const LENGTH_BYTES = 4
export const NULL_LENGTH = -1

/** Error that a sink throws for a row that does not have the expected fields. */
export function damagedTuple(): RangeError {
  return new RangeError('damaged COPY stream: a row does not have the fields that were selected')
}
