import type { Program } from '../../postgres/connection/programs.ts'
import type { StateMessage } from '../../helpers/messages.ts'
import { lastState, sync } from '../cdc/sync.ts'
import type { CdcDatabase } from '../cdc/cdc-database.ts'

/** Differences of a run from one with a valid config. */
export interface BrokenSetup extends AsyncDisposable {
  readonly method?: Readonly<Record<string, unknown>>
  readonly config?: Readonly<Record<string, unknown>>
  readonly state?: StateMessage
  /** Placeholder in capitals in the message → its value. */
  readonly values?: Readonly<Record<string, string>>
}

/** A mistake in the set-up of CDC, and the message of the connector. */
export interface CdcMistake {
  readonly mistake: string
  /** The command with the message: `check` fails or warns, `read` fails or warns. */
  readonly command: 'check' | 'read'
  /** First and last major version in which it is possible; default: all. */
  readonly majors?: readonly [number, number]
  /** A program that the test needs. */
  readonly needs?: Program
  /** SQL before the slot is created; default: a table with a key. */
  readonly tables?: string
  /** Default: all tables. */
  readonly publication?: string
  readonly spoil?: (cdc: CdcDatabase) => Promise<Partial<BrokenSetup> | void>
  /**
   * The whole message. SLOT, OTHER, READER and PORT are names and a port; N is a number, LSN a
   * position, SIZE a number of bytes, ADDRESS and TIME are those of a session, and OPTIONS is `,
   * false, false, true` from PostgreSQL 17 on, otherwise empty.
   */
  readonly message: string
}

export const TABLE = 'CREATE TABLE users (id int PRIMARY KEY, name text)'
export const NEWEST = 99

/** Last state of a successful sync. */
export async function stateOf(cdc: CdcDatabase): Promise<StateMessage> {
  return lastState(await sync(cdc))
}

/** Returns `state` with another offset. */
export function withOffset(
  state: StateMessage,
  change: Readonly<Record<string, unknown>>,
): StateMessage {
  const text = JSON.stringify(state).replace(
    /"state":\{("(?:[^"\\]|\\.)*"):("(?:[^"\\]|\\.)*")\}/,
    (_, key: string, value: string) => {
      const offset = JSON.stringify({ ...JSON.parse(JSON.parse(value)), ...change })
      return `"state":{${key}:${JSON.stringify(offset)}}`
    },
  )
  return JSON.parse(text)
}
