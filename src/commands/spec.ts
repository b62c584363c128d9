import spec from '../../spec.json' with { type: 'json' }
import type { Message } from '../protocol/messages.ts'

/** The SPEC message: what a config may hold and how Airbyte's form shows it, as spec.json says. */
export function specMessage(): Message {
  return { type: 'SPEC', spec }
}
