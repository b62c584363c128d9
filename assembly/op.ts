/**
 * What a column holds and how it is written. A `ValueWriter` of src/types names its op; the op writes the same bytes for
 * each value that it does not hand back. The order is of no importance: JavaScript reads the numbers from the module.
 */
export enum Op {
  /** A type without an op: its `ValueWriter` is called. */
  Callback,
  Int2,
  Int4,
  Int8,
  Oid,
  Bool,
  Float8,
  Numeric,
  NumberText,
  Text,
  Jsonb,
  Bytea,
  Uuid,
  Date,
  Time,
  Timestamp,
  TimestampTz,
}

/** Instead of a position behind a value: JavaScript has to write this row. */
export const HANDED_BACK: usize = 0
