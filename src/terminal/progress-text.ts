import type { Terminal } from '../run-context.ts'

type Size = Pick<Terminal, 'columns' | 'widthOf'>

/** Progress of the read of one stream. */
export interface StreamProgress {
  /** `namespace.name` */
  readonly name: string
  readonly rows: number
  /** Bytes received from the server. */
  readonly bytes: number
  readonly elapsedMs: number
  /**
   * Rows of the whole stream according to the statistics; null: unknown, or only a part of it is
   * read.
   */
  readonly estimatedRows: number | null
  /** Number of complete streams, and of all streams of the run. */
  readonly complete: number
  readonly streams: number
}

const MEGABYTE = 1e6
const MIN_NAME_COLUMNS = 12
const ELLIPSIS = '…'
const GAP = '  '
const BAR_COLUMNS = 24
/** Width of 99,999,999. */
const ROWS_COLUMNS = 10
/** Width of 12:34. */
const TIME_COLUMNS = 5
/** Time from which the rate of a stream is more than noise. */
const MIN_RATE_MS = 1000
/** Minimum width of a terminal for a bar. */
const WIDE_COLUMNS = 120

/** Formats one line, narrower than the terminal: some terminals wrap a full line. */
export function progressLine(progress: StreamProgress, terminal: Size): string {
  const share = shareOf(progress)
  const bar = share !== null && terminal.columns >= WIDE_COLUMNS ? [barOf(share)] : []
  const parts = [
    ...bar,
    ...(share === null ? [] : [`${Math.floor(share * 100)}%`]),
    `${grouped(progress.rows)} rows`,
    ...(progress.rows === 0 ? [] : [rateOf(progress)]),
    ...(share === null || share === 0 || progress.elapsedMs < MIN_RATE_MS
      ? []
      : [`ETA ${remaining(progress, share)}`]),
    ...(progress.streams > 1 ? [`${progress.complete}/${progress.streams} streams done`] : []),
  ]
  return fit(progress.name, parts, terminal)
}

/**
 * Formats the last line of a stream. The lines of streams with names of at most `nameColumns` are
 * aligned.
 */
export function completedLine(
  progress: StreamProgress,
  terminal: Size,
  nameColumns: number,
): string {
  const parts = [
    `${grouped(progress.rows).padStart(ROWS_COLUMNS)} rows`,
    duration(progress.elapsedMs).padStart(TIME_COLUMNS),
    ...(progress.elapsedMs < MIN_RATE_MS ? [] : [rateOf(progress)]),
  ]
  const padding = Math.max(nameColumns - terminal.widthOf(progress.name), 0)
  return fit(`${progress.name}${' '.repeat(padding)}`, parts, terminal)
}

function fit(name: string, parts: readonly string[], { columns, widthOf }: Size): string {
  const room = Math.max(columns - 1, 1)
  const shown = [...parts]
  while (shown.length > 1 && textOf(shown).length + MIN_NAME_COLUMNS > room) shown.pop()
  const nameRoom = Math.max(room - textOf(shown).length, 0)
  const short = widthOf(name) <= nameRoom ? name : shortened(name, nameRoom, widthOf)
  return `${short}${textOf(shown).slice(0, room)}`
}

/** Leaves out the end of a name; padding at its end is left out without an ellipsis. */
function shortened(name: string, room: number, widthOf: Size['widthOf']): string {
  const bare = name.trimEnd()
  const spare = room - widthOf(bare)
  if (spare >= 0) return `${bare}${' '.repeat(spare)}`
  if (room === 0) return ''
  let start = ''
  let free = room - ELLIPSIS.length
  for (const { segment } of new Intl.Segmenter().segment(bare)) {
    free -= widthOf(segment)
    if (free < 0) break
    start += segment
  }
  return `${start}${ELLIPSIS}`
}

function textOf(parts: readonly string[]): string {
  return parts.map((part) => `${GAP}${part}`).join('')
}

/** Share of the read rows, at most 99 %, because statistics may be outdated. */
function shareOf({ rows, estimatedRows }: StreamProgress): number | null {
  if (estimatedRows === null || estimatedRows <= 0) return null
  return Math.min(rows / estimatedRows, 0.99)
}

function remaining({ elapsedMs }: StreamProgress, share: number): string {
  return clock((elapsedMs * (1 - share)) / share)
}

/** `0.4 s`, from one minute on `12:34` */
function duration(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : clock(ms)
}

function rateOf({ bytes, elapsedMs, rows }: StreamProgress): string {
  const seconds = Math.max(elapsedMs, 1) / 1000
  const megabytes = (bytes / MEGABYTE / seconds).toFixed(1)
  return `${grouped(Math.round(rows / seconds))} rows/s${GAP}${megabytes} MB/s`
}

function barOf(share: number): string {
  const filled = Math.round(share * BAR_COLUMNS)
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_COLUMNS - filled)}]`
}

/** `0:07`, `12:34`, `1:02:03` */
function clock(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => `${part}`)
  const hours = Math.floor(seconds / 3600)
  const [minutes = '0', rest = '0'] = parts
  const tail = rest.padStart(2, '0')
  return hours === 0 ? `${minutes}:${tail}` : `${hours}:${minutes.padStart(2, '0')}:${tail}`
}

function grouped(count: number): string {
  return count.toLocaleString('en-US')
}
