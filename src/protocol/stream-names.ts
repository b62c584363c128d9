import type { StreamDescriptor } from './messages.ts'

/** `namespace.name`, or the name alone: for messages and for the names that users give. */
export function streamLabel({ name, namespace }: StreamDescriptor): string {
  return namespace === undefined ? name : `${namespace}.${name}`
}

/** A string that no other stream has, unlike the label: `a.b` may be two names or one with a dot. */
export function streamKey({ name, namespace }: StreamDescriptor): string {
  return JSON.stringify([namespace ?? null, name])
}
