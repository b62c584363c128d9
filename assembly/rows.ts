/** Reason for which reading rows stopped. */
export enum Stop {
  /** An incomplete message, or the end. */
  Torn,
  /** A message for JavaScript: another type, or a row that the module hands back. */
  Handed,
  /** No room for the next row. */
  Full,
}

/**
 * Layout of a row of a COPY BINARY stream in its message, as in src/wire/copy-stream.ts and
 * src/wire/tuple.ts.
 */
export const COPY_DATA: u8 = 0x64 /* d */
export const HEADER_BYTES: usize = 5
export const COUNT_BYTES: usize = 2
export const LENGTH_BYTES: usize = 4
export const NULL_LENGTH: i32 = -1
