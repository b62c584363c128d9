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
/** Minimum width of a terminal for a bar. */
const WIDE_COLUMNS = 120

/**
 * Formats one line, narrower than the `columns` of the terminal: some terminals wrap a full line.
 */
export function progressLine(progress: StreamProgress, columns: number): string {
  const share = shareOf(progress)
  const bar = share !== null && columns >= WIDE_COLUMNS ? [barOf(share)] : []
  const parts = [
    ...bar,
    ...(share === null ? [] : [`${Math.floor(share * 100)}%`]),
    `${grouped(progress.rows)} rows`,
    rateOf(progress),
    ...(share === null ? [] : [`ETA ${remaining(progress, share)}`]),
    ...(progress.streams > 1 ? [`${progress.complete}/${progress.streams} streams done`] : []),
  ]
  return fit(progress.name, parts, columns)
}

/** Formats the last line of a stream. */
export function completedLine(progress: StreamProgress, columns: number): string {
  const parts = [`${grouped(progress.rows)} rows`, rateOf(progress), clock(progress.elapsedMs)]
  return fit(progress.name, parts, columns)
}

function fit(name: string, parts: readonly string[], columns: number): string {
  const room = Math.max(columns - 1, 1)
  const shown = [...parts]
  while (shown.length > 1 && textOf(shown).length + MIN_NAME_COLUMNS > room) shown.pop()
  const nameRoom = Math.max(room - textOf(shown).length, 0)
  const letters = Array.from(name)
  const short =
    letters.length <= nameRoom
      ? name
      : `${letters.slice(0, Math.max(nameRoom - 1, 0)).join('')}${ELLIPSIS}`
  return `${short}${textOf(shown)}`.slice(0, room)
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
  return share === 0 ? '–' : clock((elapsedMs * (1 - share)) / share)
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
