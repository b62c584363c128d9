/** A row of a COPY BINARY stream: an int16 count of its fields, then of each an int32 length, -1 for NULL, and its bytes. */
export const COUNT_BYTES = 2
export const LENGTH_BYTES = 4
export const NULL_LENGTH = -1

/** What a sink throws whose row does not have the fields that it was made for. */
export function damagedTuple(): RangeError {
  return new RangeError('damaged COPY stream: a row does not have the fields that were selected')
}
