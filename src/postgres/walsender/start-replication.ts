import { formatLsn } from '../../lsn.ts'
import { ident } from '../../sql.ts'

/** pgoutput can send binary values and logical messages. */
const MAJOR_WITH_BINARY = 14

/** What is read from a slot. */
export interface LogOptions {
  readonly slot: string
  readonly publications: readonly string[]
  /** Where to start; 0: where the slot stands. The server silently raises it to the position of the slot. */
  readonly start: bigint
  /** Whether values come in the binary form of their types. Ignored by servers that cannot, before PostgreSQL 14. */
  readonly isBinary: boolean
}

/**
 * The replication command. A server refuses options that its version does not have. Without streaming and two-phase
 * commit a transaction comes when it is committed, in one piece.
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

/** Replication commands have no escapes but doubled quotes. */
function stringLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
