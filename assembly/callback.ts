/**
 * Calls the writer of a column, which is JavaScript. Returns the position behind what it appended, HANDED_BACK if that
 * is not to be used, and in columns also LOST or a position with TRUNCATED.
 */
export declare function callWriter(column: i32, out: usize, at: usize, length: usize): usize

/** The column cannot hold the value. */
export const LOST: usize = 1
/** A part of the value could not be given. */
export const TRUNCATED: usize = 0x8000_0000
