import { parseLsn } from '../../lsn.ts'

/** Earlier timelines of a server's log → the end of each. */
export type TimelineEnds = ReadonlyMap<number, bigint>

/** Matches `timeline`, tab, position, tab, reason; other lines are comments. */
const ENTRY = /^\s*(\d+)\s+([\dA-F]+\/[\dA-F]+)(?:\s|$)/i

/**
 * Parses a timeline history file: one line for each timeline that was replaced by the next one.
 * https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES
 */
export function parseTimelineHistory(content: string): TimelineEnds {
  const entries = content.split('\n').map((line) => ENTRY.exec(line))
  return new Map(
    entries.flatMap((entry) =>
      entry === null ? [] : [[Number(entry[1]), parseLsn(entry[2]!)] as const],
    ),
  )
}
