import { isJsonObject } from '../../../src/json/json.ts'
import { parseLsn } from '../../../src/lsn.ts'
import type { Json, StateMessage } from '../../helpers/messages.ts'
import type { CdcDatabase } from './cdc-database.ts'

/** Position of the slot. */
export async function confirmed(cdc: CdcDatabase): Promise<bigint> {
  const [row] = await cdc.sql(
    `SELECT confirmed_flush_lsn AS lsn FROM pg_replication_slots WHERE slot_name = '${cdc.slot}'`,
  )
  return parseLsn(row?.['lsn'] ?? '')
}

/** Offset of a GLOBAL state. */
export function offsetOf({ global }: StateMessage): { key: string; value: Json } {
  const { state } = objectOf(objectOf(global)['shared_state'])
  const [[key, text] = ['', '']] = Object.entries(objectOf(state))
  return { key, value: objectOf(JSON.parse(typeof text === 'string' ? text : '')) }
}

/** Position of a GLOBAL state. */
export function lsnOf(state: StateMessage): bigint {
  return BigInt(Number(offsetOf(state).value['lsn']))
}

function objectOf(value: unknown): Json {
  if (!isJsonObject(value)) throw new Error('not an object')
  return value
}
