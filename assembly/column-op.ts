/**
 * How the values of an Arrow column are computed from their binary form;
 * src/accelerator/column-op.ts lists the names.
 */
export enum ColumnOp {
  /** A form without an op: JavaScript is called. */
  Callback,
  /** Big-endian words of the column's own width. */
  Word2,
  Word4,
  Word8,
  /** Narrower integers → int64. */
  WideInt2,
  WideInt4,
  WideOid,
  /** float4 → float64. */
  WideFloat4,
  /** numeric → float64. */
  Numeric,
  /** numeric → an integer times 10 to the power of the parameter. */
  Decimal,
  Date,
  TimestampMicros,
  TimestampNanos,
  Bytes16,
  Bool,
  Text,
  Jsonb,
  /** Text: the output of the `Op` in the parameter, without the quotes of JSON. */
  Written,
}

/** Result of a value. */
export enum Conversion {
  Kept,
  /** The column's type cannot hold it, so it is null. */
  Unrepresentable,
  /** JavaScript must handle it. */
  Unknown,
}
