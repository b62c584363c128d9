/**
 * Optimal string alignment distance: the number of characters that are inserted, deleted, replaced
 * or exchanged with their neighbour to turn `a` into `b`.
 */
export function editDistance(a: string, b: string): number {
  let beforePrevious: readonly number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isExchange = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const exchanged = isExchange ? beforePrevious[j - 2]! + 1 : Infinity
      current.push(Math.min(replaced, exchanged, previous[j]! + 1, current[j - 1]! + 1))
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length]!
}

/** Returns the known name that a misspelt one most likely means; null: none is similar. */
export function similarName(name: string, known: Iterable<string>): string | null {
  const [nearest] = [...known]
    .map((each) => ({ each, distance: editDistance(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(1, name.length / 4))
    .toSorted((a, b) => a.distance - b.distance)
  return nearest?.each ?? null
}
