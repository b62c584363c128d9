/** A JSON object that has not been validated. */
export type Values = Readonly<Record<string, unknown>>

/** Whether `value` is a JSON object: neither null nor a list. */
export function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Removes blanks from `values` at every depth: null, empty text, blank and repeated list entries,
 * and lists and objects that contain nothing else. A form sends them for empty fields.
 */
export function withoutBlanks(values: Values): Values {
  const entries = Object.entries(values).map(([key, value]) => [key, withoutBlank(value)] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

function withoutBlank(value: unknown): unknown {
  if (value === null || value === '') return undefined
  if (Array.isArray(value)) {
    const items = [...new Set(value.map(withoutBlank))].filter((item) => !isBlankItem(item))
    return items.length === 0 ? undefined : items
  }
  if (!isValues(value)) return value
  const rest = withoutBlanks(value)
  return Object.keys(rest).length === 0 ? undefined : rest
}

function isBlankItem(item: unknown): boolean {
  return item === undefined || (typeof item === 'string' && item.trim() === '')
}
