import { expect } from 'chai'
import type { StateMessage } from '../../../helpers/messages.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { lastState, sync } from '../sync.ts'

const TABLES = `CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE other (id int PRIMARY KEY);
INSERT INTO users VALUES (1, 'first'), (2, 'first'), (3, 'first');`

interface GlobalContent {
  readonly stream_states: readonly { readonly stream_descriptor: { readonly name: string } }[]
}

/** Removes the state of a stream, as a refresh in Airbyte does. */
function without(message: StateMessage, stream: string): StateMessage {
  const global: GlobalContent = JSON.parse(JSON.stringify(message.global))
  const states = global.stream_states.filter((each) => each.stream_descriptor.name !== stream)
  return { ...message, global: { ...global, stream_states: states } }
}

describe('a stream that is refreshed while an older transaction is open', () => {
  it('has its last values in a destination that retains the earlier records', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    const first = await sync(cdc)
    await cdc.sql("UPDATE users SET name = 'second' WHERE id < 3")
    const second = await sync(cdc, { state: lastState(first) })
    await using open = await cdc.db.session()
    await open.sql('BEGIN; INSERT INTO other VALUES (1)')
    await cdc.sql("UPDATE users SET name = 'third' WHERE id = 1; DELETE FROM users WHERE id = 2")
    const third = await sync(cdc, { state: without(lastState(second), 'users') })
    await open.sql('COMMIT')
    const last = await sync(cdc, { state: lastState(third) })
    lastState(last)
    const records = [first, second, third, last].flatMap((run) => run.records)
    expect(fold(records, 'users').map(valuesOf)).to.have.deep.members([
      { id: 1, name: 'third' },
      { id: 3, name: 'first' },
    ])
    expect(fold(last.records, 'other').map(valuesOf)).to.deep.equal([{ id: 1 }])
  })
})
