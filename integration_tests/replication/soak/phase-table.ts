import { grouped } from '../../helpers/report.ts'
import type { PhaseReport } from './rounds.ts'

/** Titles and rows of a table with the results of each phase, consumer and stream. */
export function phaseTable(
  reports: readonly PhaseReport[],
): [titles: readonly string[], rows: readonly (readonly string[])[]] {
  const titles = [
    'phase',
    'consumer',
    'stream',
    'records',
    'duplicates',
    'missing',
    'absent',
    'stale',
    'writes',
  ]
  const rows = reports.flatMap(({ consumers, writes }, phase) =>
    consumers.map(({ consumer, stream, comparison }) => [
      String(phase + 1),
      consumer,
      stream,
      grouped(comparison.records),
      grouped(comparison.duplicates),
      grouped(comparison.missing.length),
      grouped(comparison.absent),
      grouped(comparison.stale),
      grouped(writes.commits + writes.prepared),
    ]),
  )
  return [titles, rows]
}
