/** A bar with a text at its end. */
interface Bar {
  readonly label: string
  readonly value: number
  readonly text: string
  readonly colour: string
}

/** Bars with a common scale. */
export interface BarGroup {
  readonly heading: string
  readonly bars: readonly Bar[]
}

const WIDTH = 760
/** Width per character of the longest label, for the widest letters. */
const CHARACTER_WIDTH = 7
const VALUE_WIDTH = 130
const BAR_HEIGHT = 18
const ROW_HEIGHT = 24
const TITLE_HEIGHT = 34
const MARGIN = 16
const STYLE =
  '<style>text { fill: #1f2933; font-family: system-ui, sans-serif } .page { fill: #ffffff } ' +
  '@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .page { fill: #0d1117 } }</style>'

/** Draws an SVG bar chart, light or dark as its page; each group has its own scale. */
export function barChart(title: string, groups: readonly BarGroup[]): string {
  const parts: string[] = [textAt(MARGIN, MARGIN + 14, 15, title, 'font-weight="600"')]
  const labels = groups.flatMap(({ bars }) => bars.map(({ label }) => label.length))
  const labelWidth = Math.max(...labels) * CHARACTER_WIDTH
  let top = MARGIN + TITLE_HEIGHT
  for (const { heading, bars } of groups) {
    parts.push(textAt(MARGIN, top + 14, 13, heading))
    top += ROW_HEIGHT
    const most = Math.max(...bars.map(({ value }) => value))
    for (const bar of bars) {
      parts.push(drawBar(bar, { top, most, labelWidth }))
      top += ROW_HEIGHT
    }
    top += MARGIN
  }
  const box = `width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}"`
  const background = `<rect class="page" width="${WIDTH}" height="${top}"/>`
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${box}>`
  return [svg, STYLE, background, ...parts, '</svg>', ''].join('\n')
}

function drawBar(
  { label, value, text, colour }: Bar,
  { top, most, labelWidth }: { top: number; most: number; labelWidth: number },
): string {
  const room = WIDTH - 2 * MARGIN - labelWidth - VALUE_WIDTH
  const width = Math.max(1, Math.round((value / most) * room))
  const left = MARGIN + labelWidth
  const place = `x="${left}" y="${top}" width="${width}" height="${BAR_HEIGHT}"`
  return [
    textAt(MARGIN, top + 13, 12, label),
    `<rect ${place} rx="2" fill="${colour}"/>`,
    textAt(left + width + 8, top + 13, 12, text),
  ].join('')
}

function textAt(x: number, y: number, size: number, text: string, more = ''): string {
  return `<text x="${x}" y="${y}" font-size="${size}" ${more}>${text}</text>`
}
