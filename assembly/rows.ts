/** Why reading rows stopped. */
export enum Stop {
  /** At a message that is not whole, or at the end. */
  Torn,
  /** At a message that the module does not take: another type, or a row that JavaScript has to take. */
  Handed,
  /** There is no room for the next row. */
  Full,
}

/** A row of a COPY BINARY stream in its message; wire/copy-stream.ts and wire/tuple.ts have the same. */
export const COPY_DATA: u8 = 0x64 /* d */
export const HEADER_BYTES: usize = 5
export const COUNT_BYTES: usize = 2
export const LENGTH_BYTES: usize = 4
export const NULL_LENGTH: i32 = -1
