import { grouped, median } from '../../integration_tests/helpers/report.ts'
import type { BarGroup } from '../chart.ts'
import { type Peer, CONNECTOR } from './peer.ts'

/** Resource usage of one run, including all processes of the program. */
export interface Usage {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakRssBytes: number
}

/** The runs of one program on one table. */
export interface Result {
  readonly peer: Peer
  readonly version: string
  readonly rows: number
  readonly usages: readonly Usage[]
}

/** Results on one table, and those of programs that read a part of it. */
export interface TableResults {
  readonly table: string
  readonly rows: number
  readonly columns: number
  readonly results: readonly Result[]
}

/** A program without results, and the reason. */
export interface Absence {
  readonly name: string
  readonly reason: string
}

const COLOURS = {
  'Arrow file': '#3a9d6e',
  'COPY data': '#9aa5b1',
  'JSON lines': '#d98e32',
} as const
const OWN_COLOUR = '#2f6fde'
const MILLION = 1e6
const TITLES = ['how', 'rows/s', 'min – max', 'CPU s per million rows', 'peak RSS']

/** A section of Markdown: a table for each table, then the programs without results. */
export function markdown(
  machine: string,
  tables: readonly TableResults[],
  absences: readonly Absence[],
): string {
  const parts = tables.flatMap(({ table, rows, columns, results }) => [
    `\`${table}\`, ${grouped(rows)} rows × ${columns} columns:`,
    markdownTable(results.map((result) => markdownRow(result, rows))),
  ])
  const missing = absences.map(({ name, reason }) => `- Not measured: ${name}. ${reason}`)
  return [machine, ...parts, [...new Set(missing)].join('\n')].join('\n\n')
}

/** Bars of rows per second. */
export function chartGroups(tables: readonly TableResults[]): BarGroup[] {
  return tables.map(({ table, rows, columns, results }) => ({
    heading: `${table}: ${grouped(rows)} rows × ${columns} columns, rows/s and CPU seconds per million rows`,
    bars: results.map((result) => {
      const { value, cpu } = figures(result)
      return {
        label: describe(result),
        value,
        text: `${grouped(value)} · ${cpu.toFixed(1)} s`,
        colour: result.peer.name === CONNECTOR ? OWN_COLOUR : COLOURS[result.peer.output],
      }
    }),
  }))
}

function markdownRow(result: Result, tableRows: number): string[] {
  const { value, low, high, cpu, megabytes } = figures(result)
  const how = result.peer.name === CONNECTOR ? `**${describe(result)}**` : describe(result)
  const part = result.rows === tableRows ? '' : ` (${grouped(result.rows)} rows)`
  const range = `${rounded(low)} – ${rounded(high)}`
  return [`${how}${part}`, rounded(value), range, cpu.toFixed(2), `${grouped(megabytes)} MB`]
}

function describe({ peer: { name, output, destination }, version }: Result): string {
  const pipe = destination === 'cat' ? ' | cat' : ''
  return `${[name, version].join(' ').trim()} → ${output}${pipe}`
}

function figures({ rows, usages }: Result) {
  const rates = usages.map(({ seconds }) => rows / seconds)
  const perMillion = MILLION / rows
  return {
    value: Math.round(median(rates)),
    low: Math.min(...rates),
    high: Math.max(...rates),
    cpu: median(usages.map(({ cpuSeconds }) => cpuSeconds)) * perMillion,
    megabytes: Math.round(median(usages.map(({ peakRssBytes }) => peakRssBytes)) / MILLION),
  }
}

/** In thousands. */
function rounded(rate: number): string {
  return grouped(Math.round(rate / 1000) * 1000)
}

function markdownTable(rows: readonly (readonly string[])[]): string {
  const lines = [TITLES, TITLES.map(() => '---'), ...rows]
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
}
