import { MAX_GROUPED_BYTES } from '../parallel/session-group.ts'
import type { Feed } from '../replication/feed.ts'

const MAX_BYTES = 4 * MAX_GROUPED_BYTES

/**
 * Divides feeds of one stream into groups that are read together: small tables, according to the
 * statistics.
 */
export function groupFeeds(feeds: readonly Feed[], maxStreams: number): Feed[][] {
  const groups: Feed[][] = []
  let open: Feed[] | null = null
  let bytes = 0
  for (const feed of feeds) {
    const size = maxStreams > 1 ? groupedSize(feed) : null
    if (size === null) {
      groups.push([feed])
      continue
    }
    if (open === null || open.length === maxStreams || bytes + size > MAX_BYTES) {
      open = []
      bytes = 0
      groups.push(open)
    }
    open.push(feed)
    bytes += size
  }
  return groups
}

/**
 * Returns null if the feed is read alone. Views may lock and read more than their size suggests,
 * and a shard has one stream.
 */
function groupedSize({ plans: [plan] }: Feed): number | null {
  if (plan === undefined || plan.ranges !== null) return null
  const { kind, sizeBytes } = plan.relation
  return kind === 'r' && sizeBytes <= MAX_GROUPED_BYTES ? sizeBytes : null
}
