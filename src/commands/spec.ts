import spec from '../../spec.json' with { type: 'json' }
import type { Message } from '../protocol/messages.ts'

/** The SPEC message, with the content of spec.json. */
export function specMessage(): Message {
  return { type: 'SPEC', spec }
}
