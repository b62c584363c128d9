import type { Database } from '../../../postgres/session/database.ts'
import { readCatalogs } from '../../../postgres/session/read-catalogs.ts'
import type { LogTuple, TupleValue } from '../../../wire/log-tuple.ts'
import type { LogFollower } from './log-follower.ts'
import { refetchValues } from './values/refetch.ts'
import type { RowChange } from './row-change.ts'
import type { StreamRouter } from './stream-router.ts'

/** Writes the held changes in the order of the log, after the queries for which they wait. */
export async function writeHeldChanges(
  follower: LogFollower,
  { router, database }: { router: StreamRouter; database: Database },
): Promise<void> {
  const held = follower.takeHeld()
  const isUnbound = held.some(({ route }) => route.writers === null)
  if (isUnbound) {
    await readCatalogs(database, async (session) => {
      for (const { route } of held) if (route.writers === null) await router.bind(route, session)
    })
  }
  for (const { route, change } of held) route.hideRetyped(change)
  const fetched = await refetchValues(held, database)
  for (const each of held) {
    const { route, change } = each
    const known = fetched.get(each)
    const whole = known === undefined ? change : { ...change, newTuple: fill(change, known) }
    for (const writer of route.writers ?? []) writer.write(whole)
  }
}

/** A value that is still missing is null in the record, with an entry in its `meta.changes`. */
function fill({ newTuple }: RowChange, values: ReadonlyMap<number, TupleValue>): LogTuple {
  return newTuple.detach(values)
}
