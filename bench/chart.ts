import { grouped } from '../integration_tests/helpers/report.ts'
import type { Method, TableResult } from './result.ts'

const COLOURS: Readonly<Record<Method, string>> = {
  'raw drain': '#9aa5b1',
  connector: '#2f6fde',
  'connector | cat': '#7aa7f0',
  'connector > file': '#7aa7f0',
  'arrow file': '#3a9d6e',
  'pg-cursor': '#d98e32',
}

const WIDTH = 760
const LABEL_WIDTH = 130
const VALUE_WIDTH = 130
const BAR_HEIGHT = 18
const ROW_HEIGHT = 24
const TITLE_HEIGHT = 34
const MARGIN = 16
const FONT = 'font-family="system-ui, sans-serif" fill="#1f2933"'

/** An SVG bar chart of rows per second: one group a table, each group to its own scale. */
export function barChart(title: string, results: readonly TableResult[]): string {
  const parts: string[] = [textAt(MARGIN, MARGIN + 14, 15, title, 'font-weight="600"')]
  let top = MARGIN + TITLE_HEIGHT
  for (const { table, rows, columns, methods } of results) {
    const heading = `${table}: ${grouped(rows)} rows × ${columns} columns, rows/s`
    parts.push(textAt(MARGIN, top + 14, 13, heading))
    top += ROW_HEIGHT
    const most = Math.max(...methods.map(({ rowsPerSecond }) => rowsPerSecond))
    for (const { method, rowsPerSecond } of methods) {
      parts.push(bar(top, method, rowsPerSecond, most))
      top += ROW_HEIGHT
    }
    top += MARGIN
  }
  const box = `width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}"`
  const background = `<rect width="${WIDTH}" height="${top}" fill="#ffffff"/>`
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${box}>`
  return [svg, background, ...parts, '</svg>', ''].join('\n')
}

function bar(top: number, method: Method, value: number, most: number): string {
  const room = WIDTH - 2 * MARGIN - LABEL_WIDTH - VALUE_WIDTH
  const width = Math.max(1, Math.round((value / most) * room))
  const left = MARGIN + LABEL_WIDTH
  const place = `x="${left}" y="${top}" width="${width}" height="${BAR_HEIGHT}"`
  return [
    textAt(MARGIN, top + 13, 12, method),
    `<rect ${place} rx="2" fill="${COLOURS[method]}"/>`,
    textAt(left + width + 8, top + 13, 12, grouped(value)),
  ].join('')
}

function textAt(x: number, y: number, size: number, text: string, more = ''): string {
  return `<text x="${x}" y="${y}" font-size="${size}" ${FONT} ${more}>${text}</text>`
}
