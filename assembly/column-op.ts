/** How the values of an Arrow column are made of their binary form; src/accelerator/column-op.ts names them. */
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
  /** Text: what the `Op` that is the parameter writes, without the quotes of JSON. */
  Written,
}

/** What becomes of a value. */
export enum Fate {
  Kept,
  /** The column's type cannot hold it: it is null. */
  Unrepresentable,
  /** JavaScript has to look at it. */
  Unknown,
}
