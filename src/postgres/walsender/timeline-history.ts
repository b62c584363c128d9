import { parseLsn } from '../../lsn.ts'

/** Timelines that the log of a server has left behind → where each of them ended. */
export type TimelineEnds = ReadonlyMap<number, bigint>

/** `timeline`, tab, position, tab, reason; what else there may be is a comment. */
const ENTRY = /^\s*(\d+)\s+([\dA-F]+\/[\dA-F]+)(?:\s|$)/i

/**
 * Parses a timeline history file: a line for each timeline that the log has left for the next one.
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
