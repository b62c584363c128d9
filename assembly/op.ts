/**
 * How the values of a column are written. A `ValueWriter` of src/types has the name of its op. The
 * op writes the same bytes for each value that it does not hand back. The order is arbitrary:
 * JavaScript reads the numbers from the module.
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

/** Returned in place of the position after a value: JavaScript must write the row. */
export const HANDED_BACK: usize = 0
