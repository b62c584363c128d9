import type { Program } from '../../postgres/connection/programs.ts'
import type { StateMessage } from '../../helpers/messages.ts'
import { lastState, sync } from '../cdc/sync.ts'
import type { CdcDatabase } from '../cdc/cdc-database.ts'

/** What a run is made with, over a config that works. */
export interface BrokenSetup extends AsyncDisposable {
  readonly method?: Readonly<Record<string, unknown>>
  readonly config?: Readonly<Record<string, unknown>>
  readonly state?: StateMessage
  /** Words in capitals of the message → what they stand for. */
  readonly values?: Readonly<Record<string, string>>
}

/** A way to get CDC wrong, and what the connector says of it. */
export interface CdcMistake {
  readonly mistake: string
  /** The command that tells: `check` is FAILED or warns, `read` fails or warns. */
  readonly command: 'check' | 'read'
  /** First and last major version on which it can be made; default: all. */
  readonly majors?: readonly [number, number]
  /** A program that it takes. */
  readonly needs?: Program
  /** SQL before the slot is created; default: a table with a key. */
  readonly tables?: string
  /** Default: all tables. */
  readonly publication?: string
  readonly spoil?: (cdc: CdcDatabase) => Promise<Partial<BrokenSetup> | void>
  /**
   * The whole message. SLOT, OTHER, READER and PORT are names and a port; N stands for a number, LSN for a position, SIZE for a
   * number of bytes, ADDRESS and TIME for those of a session, and OPTIONS for `, false, false, true` from PostgreSQL 17 on, else for nothing.
   */
  readonly message: string
}

export const TABLE = 'CREATE TABLE users (id int PRIMARY KEY, name text)'
export const NEWEST = 99

/** The last state of a sync that works. */
export async function stateOf(cdc: CdcDatabase): Promise<StateMessage> {
  return lastState(await sync(cdc))
}

/** `state` with another offset. */
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
