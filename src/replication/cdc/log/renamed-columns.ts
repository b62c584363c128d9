import type { TableAttribute } from '../../../introspection/replication/table-attributes.ts'

/** A column with its name at some time. */
export interface NamedColumn {
  readonly name: string
  readonly typeOid: number
}

/** Current names of columns of a table. */
export interface CurrentNames {
  /** Earlier name → current name of renamed columns. */
  readonly renamed: ReadonlyMap<string, string>
  /** Current columns that may have had another name. */
  readonly uncertain: readonly string[]
}

/**
 * Finds columns that were renamed. A renamed column keeps its position among the others, and so
 * does a dropped one: between two columns with unchanged names, the columns are the same.
 * @param earlier columns at some time, in `attnum` order.
 * @param attributes current columns, including dropped ones, in `attnum` order.
 */
export function findRenamed(
  earlier: readonly NamedColumn[],
  attributes: readonly TableAttribute[],
): CurrentNames {
  if (isPermuted(earlier, attributes)) {
    const names = earlier.map(({ name }, index) => [name, attributes[index]!.name] as const)
    return { renamed: new Map(names.filter(([from, to]) => from !== to)), uncertain: [] }
  }
  const places = earlier.map(({ name }) =>
    attributes.findIndex((attribute) => !attribute.isDropped && attribute.name === name),
  )
  const renamed = new Map<string, string>()
  const uncertain: string[] = []
  for (let from = 0; from < earlier.length; from++) {
    if (places[from] !== -1) continue
    let to = from + 1
    while (places[to] === -1) to++
    const run = earlier.slice(from, to)
    const candidates = attributes.slice((places[from - 1] ?? -1) + 1, places[to])
    const now = match(run, candidates, to === earlier.length)
    if (now === null) uncertain.push(...candidates.filter(isLive).map(({ name }) => name))
    for (const [index, attribute] of (now ?? []).entries()) {
      if (!attribute.isDropped) renamed.set(run[index]!.name, attribute.name)
    }
    from = to
  }
  return { renamed, uncertain }
}

/**
 * Whether two sets of columns have the same names. Then they are the same columns: places never
 * change.
 */
function isPermuted(
  earlier: readonly NamedColumn[],
  attributes: readonly TableAttribute[],
): boolean {
  const now = attributes.slice(0, earlier.length)
  const names = new Set(now.map(({ name }) => name))
  return (
    names.size === earlier.length &&
    earlier.every(({ name }) => names.has(name)) &&
    now.every(({ isDropped, typeOid }, at) => !isDropped && typeOid === earlier[at]!.typeOid)
  )
}

/**
 * Matches a sequence of columns with the current ones; null: the result is not certain.
 * @param isLast whether columns may have been added after it since.
 */
function match(
  run: readonly NamedColumn[],
  candidates: readonly TableAttribute[],
  isLast: boolean,
): readonly TableAttribute[] | null {
  const live = candidates.filter(isLive)
  if (live.length === 0) return []
  const isWhole = candidates.length === run.length || (isLast && live.length === candidates.length)
  if (!isWhole && isLast) return null
  const now = isWhole ? candidates.slice(0, run.length) : live
  const isSame = now.every(
    ({ isDropped, typeOid }, index) => isDropped || run[index]!.typeOid === typeOid,
  )
  return now.length === run.length && isSame ? now : null
}

function isLive({ isDropped }: TableAttribute): boolean {
  return !isDropped
}
