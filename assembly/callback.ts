/**
 * Calls the writer of a column in JavaScript. Returns the position after the appended value, or
 * HANDED_BACK if it must not be used; for columns also UNREPRESENTABLE, or a position with
 * TRUNCATED.
 */
export declare function callWriter(column: i32, out: usize, at: usize, length: usize): usize

/** The column cannot hold the value. */
export const UNREPRESENTABLE: usize = 1
/** A part of the value was replaced. */
export const TRUNCATED: usize = 0x8000_0000
