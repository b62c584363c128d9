/** The page of a `ctid`, `(4095,1)`; null if it is none. */
export function parseCtidPage(text: string): number | null {
  const match = /^\((\d{1,10}),\d{1,5}\)$/.exec(text)
  return match === null ? null : Number(match[1])
}

/** The tid before every row of a page. */
export function ctidOfPage(page: number): string {
  return `(${page},0)`
}
