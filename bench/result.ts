import { grouped, median, textTable } from '../integration_tests/helpers/report.ts'
import type { BarGroup } from './chart.ts'
import type { Usage } from './measure.ts'

/** Method of reading rows. */
type Method =
  'raw drain' | 'connector' | 'connector | cat' | 'connector > file' | 'arrow file' | 'pg-cursor'

/** Medians of one method on one table, and the seconds of each run. */
interface MethodResult {
  readonly method: Method
  readonly seconds: number
  readonly rowsPerSecond: number
  /** Bytes: of the server for the raw drain, of JSON lines for the other methods. */
  readonly bytes: number
  readonly megabytesPerSecond: number
  readonly cpuSeconds: number | null
  readonly peakRssMegabytes: number | null
  /** Rows per second as a share of those of the raw drain. */
  readonly ofRawDrain: number | null
  /** Rows per second as a multiple of those of pg-cursor. */
  readonly timesPgCursor: number | null
  readonly runs: readonly number[]
}

/** Results of all methods on one table. */
export interface TableResult {
  readonly table: string
  readonly rows: number
  readonly columns: number
  readonly methods: readonly MethodResult[]
}

/** Measurements of one method: `usages` has one entry per round. */
export interface Measured {
  readonly method: Method
  readonly bytes: number
  readonly usages: readonly Usage[]
}

const MEGABYTE = 1e6
const COLOURS: Readonly<Record<Method, string>> = {
  'raw drain': '#9aa5b1',
  connector: '#2f6fde',
  'connector | cat': '#7aa7f0',
  'connector > file': '#7aa7f0',
  'arrow file': '#3a9d6e',
  'pg-cursor': '#d98e32',
}

/** Computes medians and ratios from the measurements. */
export function summarize(
  { table, rows, columns }: Omit<TableResult, 'methods'>,
  measured: readonly Measured[],
): TableResult {
  const secondsOf = (wanted: Method) => {
    const found = measured.find(({ method }) => method === wanted)
    return found === undefined ? null : medianOf(found.usages, ({ seconds }) => seconds)
  }
  const rawSeconds = secondsOf('raw drain')
  const cursorSeconds = secondsOf('pg-cursor')
  const methods = measured.map(({ method, bytes, usages }) => {
    const seconds = medianOf(usages, (usage) => usage.seconds) ?? Number.NaN
    const cpuSeconds = medianOf(usages, (usage) => usage.cpuSeconds)
    const peakBytes = medianOf(usages, ({ peakRssBytes }) => peakRssBytes)
    return {
      method,
      seconds: rounded(seconds),
      rowsPerSecond: Math.round(rows / seconds),
      bytes,
      megabytesPerSecond: Math.round(bytes / MEGABYTE / seconds),
      cpuSeconds: cpuSeconds === null ? null : rounded(cpuSeconds),
      peakRssMegabytes: peakBytes === null ? null : Math.round(peakBytes / MEGABYTE),
      ofRawDrain: rawSeconds === null ? null : rounded(rawSeconds / seconds),
      timesPgCursor: cursorSeconds === null ? null : rounded(cursorSeconds / seconds),
      runs: usages.map((usage) => rounded(usage.seconds)),
    }
  })
  return { table, rows, columns, methods }
}

/** Bars of rows per second. */
export function chartGroups(results: readonly TableResult[]): BarGroup[] {
  return results.map(({ table, rows, columns, methods }) => ({
    heading: `${table}: ${grouped(rows)} rows × ${columns} columns, rows/s`,
    bars: methods.map(({ method, rowsPerSecond: value }) => ({
      label: method,
      value,
      text: grouped(value),
      colour: COLOURS[method],
    })),
  }))
}

/** Formats the results as a human-readable table. */
export function showResults(results: readonly TableResult[]): string {
  const titles = ['table', 'how', 's', 'rows/s', 'MB/s', 'CPU s', 'RSS MB', 'of raw', '× cursor']
  const rows = results.flatMap(({ table, methods }) =>
    methods.map((result) => [
      table,
      result.method,
      result.seconds.toFixed(2),
      grouped(result.rowsPerSecond),
      grouped(result.megabytesPerSecond),
      result.cpuSeconds?.toFixed(2) ?? '–',
      result.peakRssMegabytes === null ? '–' : grouped(result.peakRssMegabytes),
      result.ofRawDrain === null ? '–' : `${Math.round(result.ofRawDrain * 100)}%`,
      result.timesPgCursor?.toFixed(1) ?? '–',
    ]),
  )
  return textTable(titles, rows)
}

function medianOf(usages: readonly Usage[], pick: (usage: Usage) => number | null): number | null {
  const values = usages.flatMap((usage) => pick(usage) ?? [])
  return values.length === 0 ? null : median(values)
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
