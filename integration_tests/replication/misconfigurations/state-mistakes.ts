import { type CdcMistake, stateOf, withOffset } from './mistake.ts'

const RESYNC =
  ' Clear the data of the connection to read all streams from the start, or set invalid_cdc_cursor_position_behavior to "Re-sync data".'

/** A state that does not match the server or the slot. */
export const STATE_MISTAKES: readonly CdcMistake[] = [
  {
    mistake: 'The slot was re-created since the state',
    command: 'read',
    spoil: async (cdc) => {
      const state = await stateOf(cdc)
      await cdc.dropSlot()
      await cdc.sql("INSERT INTO users VALUES (9, 'lost')")
      await cdc.createSlot()
      return { state }
    },
    message: `Replication slot "SLOT" has advanced beyond the saved state: it is at LSN, the state at LSN. SIZE of changes in between are lost. The slot was re-created, or another consumer reads it.${RESYNC}`,
  },
  {
    mistake: 'The state is of another server',
    command: 'read',
    spoil: async (cdc) => ({ state: withOffset(await stateOf(cdc), { system_id: '1' }) }),
    message: `The saved state is of another server: its system identifier is 1, that of the server N.${RESYNC}`,
  },
  {
    mistake: 'The server was restored from an older backup',
    command: 'read',
    spoil: async (cdc) => {
      const lsn = 2 ** 52
      const offset = { lsn, lsn_proc: lsn, lsn_commit: lsn }
      return { state: withOffset(await stateOf(cdc), offset) }
    },
    message: `The saved state is at LSN, ahead of the server's log, which ends at LSN. The server was restored or replaced, or a failover lost SIZE of its log.${RESYNC}`,
  },
  {
    mistake: 'The publication was re-created since the state',
    command: 'read',
    spoil: async (cdc) => {
      const state = await stateOf(cdc)
      await cdc.sql('DROP PUBLICATION p; CREATE PUBLICATION p FOR ALL TABLES')
      return { state }
    },
    message: `The publication was dropped and re-created since the saved state: changes in between are lost.${RESYNC}`,
  },
  {
    mistake: 'The state is damaged',
    command: 'read',
    spoil: async (cdc) => {
      const offset = { lsn: 'x', lsn_proc: 'x', lsn_commit: 'x' }
      return { state: withOffset(await stateOf(cdc), offset) }
    },
    message:
      'The saved state is malformed: its shared_state has an offset without a position. Use the last state of an earlier sync, or clear the state to start over.',
  },
]
