import { formatLsn } from '../../lsn.ts'
import { ident } from '../../sql.ts'

/** First version in which pgoutput can send binary values and logical messages. */
const MAJOR_WITH_BINARY = 14

/** Parameters for reading a slot. */
export interface LogOptions {
  readonly slot: string
  readonly publications: readonly string[]
  /**
   * Position to start from; 0: that of the slot. The server silently raises it to the position of
   * the slot.
   */
  readonly start: bigint
  /**
   * Whether values are requested in binary form. Ignored before PostgreSQL 14, which does not
   * support it.
   */
  readonly isBinary: boolean
}

/**
 * Builds the replication command. A server rejects options that its version does not have. Without
 * streaming and two-phase commit, a transaction is sent when it is committed, in one piece.
 * https://www.postgresql.org/docs/current/protocol-logical-replication.html
 */
export function startReplication(options: LogOptions, major: number): string {
  const { slot, publications, start, isBinary } = options
  const isKnown = sendsBinary(major)
  const parameters = [
    "proto_version '1'",
    `publication_names ${stringLiteral(publications.map((name) => ident(name)).join(', '))}`,
    ...(isKnown && isBinary ? ["binary 'true'"] : []),
    ...(isKnown ? ["messages 'true'"] : []),
  ]
  return `START_REPLICATION SLOT ${ident(slot)} LOGICAL ${formatLsn(start)} (${parameters.join(', ')})`
}

/** Whether servers of a major version can send values in binary form. */
export function sendsBinary(major: number): boolean {
  return major >= MAJOR_WITH_BINARY
}

/** Quotes a string for replication commands, which have no escapes except doubled quotes. */
function stringLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
