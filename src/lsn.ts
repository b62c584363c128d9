const LSN_TEXT = /^([\dA-F]{1,8})\/([\dA-F]{1,8})$/i
const WORD_BITS = 32n
const WORD_MASK = 0xffff_ffffn
/** Highest LSN: it has 64 bits. */
const MAX_LSN = 2n ** 64n - 1n

/**
 * Parses `16/B374D848`, the text form of a pg_lsn.
 * @throws RangeError if `text` is not an LSN.
 * https://www.postgresql.org/docs/current/datatype-pg-lsn.html
 */
export function parseLsn(text: string): bigint {
  const [, high, low] = LSN_TEXT.exec(text) ?? []
  if (high === undefined || low === undefined) throw new RangeError(`not an LSN: ${text}`)
  return (BigInt(`0x${high}`) << WORD_BITS) | BigInt(`0x${low}`)
}

/**
 * Formats an LSN like the server: two upper-case hexadecimal words without leading zeros.
 * @throws RangeError if `lsn` does not fit into 64 bits.
 */
export function formatLsn(lsn: bigint): string {
  if (lsn < 0n || lsn > MAX_LSN) throw new RangeError(`not an LSN: ${lsn}`)
  return `${hex(lsn >> WORD_BITS)}/${hex(lsn & WORD_MASK)}`
}

function hex(word: bigint): string {
  return word.toString(16).toUpperCase()
}
