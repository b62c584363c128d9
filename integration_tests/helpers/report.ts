/** Prints lines of human-readable output. */
export function printLines(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** Columns aligned under their titles: numbers to the right, everything else to the left. */
export function textTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [titles, ...rows]
  const widths = titles.map((_, column) =>
    Math.max(...all.map((cells) => cells[column]?.length ?? 0)),
  )
  const isNumeric = titles.map((_, column) =>
    rows.every((cells) => /^[-–\d.,×% ]*$/.test(cells[column] ?? '')),
  )
  const format = (cells: readonly string[]) =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? ''
        return isNumeric[column] ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  return [format(titles), rule, ...rows.map(format)].join('\n')
}

/** 1234567 → `1,234,567`. */
export function grouped(value: number, fractionDigits = 0): string {
  return value.toLocaleString('en-US', {
    minimumFractionDigits: fractionDigits,
    maximumFractionDigits: fractionDigits,
  })
}

/**
 * Breaks a text into lines of up to `width` characters, after spaces and commas. The lines after
 * the first one are indented.
 */
export function wrapped(text: string, width: number): string {
  const lines = ['']
  for (const word of text.split(/(?<=[ ,])/)) {
    if (`${lines.at(-1)}${word}`.trimEnd().length <= width) lines.push(`${lines.pop()}${word}`)
    else lines.push(`  ${word}`)
  }
  return lines.map((line) => line.trimEnd()).join('\n')
}

/** The median; for an even number of values, the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const low = sorted[Math.ceil(middle) - 1]
  const high = sorted[Math.floor(middle)]
  if (low === undefined || high === undefined) throw new Error('No values, no median')
  return (low + high) / 2
}
