import { ConnectorError } from '../errors.ts'
import type { StreamDescriptor } from '../protocol/messages.ts'
import { streamLabel } from '../protocol/stream-names.ts'
import { editDistance } from '../similar-names.ts'

/** Maximum number of names in a message. */
const SHOWN_NAMES = 5

/**
 * Returns the streams that `wanted` names as `name` or `namespace.name`; all of them if it is
 * empty.
 * @throws ConnectorError config_error for an unknown name, with similar names.
 */
export function selectStreams<Item extends { readonly stream: StreamDescriptor }>(
  streams: readonly Item[],
  wanted: readonly string[],
): readonly Item[] {
  if (wanted.length === 0) return streams
  const [unknown] = unknownNames(streams, wanted)
  if (unknown !== undefined) throw unknownStream(unknown, streams)
  return streams.filter(({ stream }) => wanted.some((name) => isCalled(stream, name)))
}

/** Returns the names that are those of no stream. */
export function unknownNames(
  streams: readonly { readonly stream: StreamDescriptor }[],
  wanted: readonly string[],
): readonly string[] {
  return wanted.filter((name) => !streams.some(({ stream }) => isCalled(stream, name)))
}

/**
 * The streams that `name` or `namespace.name` can mean: `a.b` is `b` in the schema `a`, or `a.b` in
 * any schema.
 */
export function meaningsOf(wanted: string): readonly StreamDescriptor[] {
  const words = wanted.split('.')
  const join = (start: number, end?: number): string => words.slice(start, end).join('.')
  return words.map((_, index) =>
    index === 0 ? { name: wanted } : { namespace: join(0, index), name: join(index) },
  )
}

/** Whether a stream has this `name` or `namespace.name`. */
function isCalled(stream: StreamDescriptor, wanted: string): boolean {
  return wanted === stream.name || wanted === streamLabel(stream)
}

function unknownStream(
  wanted: string,
  streams: readonly { readonly stream: StreamDescriptor }[],
): ConnectorError {
  const labels = streams.map(({ stream }) => ({
    label: streamLabel(stream),
    distance: Math.min(
      editDistance(wanted.toLowerCase(), stream.name.toLowerCase()),
      editDistance(wanted.toLowerCase(), streamLabel(stream).toLowerCase()),
    ),
  }))
  const near = labels
    .filter(({ distance }) => distance <= Math.max(2, wanted.length / 3))
    .toSorted((a, b) => a.distance - b.distance)
  const isNear = near.length > 0
  const shown = (isNear ? near : labels).slice(0, SHOWN_NAMES).map(({ label }) => `'${label}'`)
  const rest = !isNear && labels.length > SHOWN_NAMES ? `, … (${labels.length} streams)` : ''
  const list = `${shown.join(', ')}${rest}`
  const hint = isNear ? `Did you mean ${list}?` : `Choose one of: ${list}.`
  const message = `There is no stream '${wanted}' to read. ${streams.length === 0 ? 'There are none.' : hint}`
  return new ConnectorError('config_error', message)
}
