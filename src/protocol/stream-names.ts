import type { StreamDescriptor } from './messages.ts'

/** Returns `namespace.name`, or the name alone: for messages, and for names entered by users. */
export function streamLabel({ name, namespace }: StreamDescriptor): string {
  return namespace === undefined ? name : `${namespace}.${name}`
}

/**
 * Returns a string that is unique to the stream. The label is not: `a.b` may be two names, or one
 * name with a dot.
 */
export function streamKey({ name, namespace }: StreamDescriptor): string {
  return JSON.stringify([namespace ?? null, name])
}
