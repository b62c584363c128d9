import { expect } from 'chai'
import { type Json, lastStates, type Message, recordsOf } from '../../helpers/messages.ts'
import { ABNORMAL_STATE, INCREMENTAL_CATALOG } from '../fixtures.ts'
import { findCountProblems } from '../read-checks.ts'
import type { Outcome, Subject } from '../subject.ts'

const NAMES = INCREMENTAL_CATALOG.streams.map(({ stream }) => stream.name)

/** New rows of a view cannot be distinguished: those of the late-commit window are repeated. */
const VIEW = 'paid_orders'
const TABLES = NAMES.filter((name) => name !== VIEW)
/** Highest cursor value of the view's rows. */
const VIEW_CURSOR = '2024-01-05T23:59:59.999999Z'

/** Rows above every cursor of the seed: one paid order, and one row of the other table. */
const CHANGES = `
INSERT INTO orders VALUES (6, 'Edsger', 5.00, true, '[]', '2024-01-06', '2024-01-06 12:00:00Z');
UPDATE all_types SET updated_at = '2024-02-03 08:00:00' WHERE id = 1`

const UNDO = `
DELETE FROM orders WHERE id = 6;
UPDATE all_types SET updated_at = '2024-02-01 08:00:00' WHERE id = 1`

/** The checks of the section `incremental`. */
export function incrementalSection(subject: () => Subject): void {
  describe('incremental', () => {
    let first: readonly Message[]

    before(async () => {
      first = (await read(subject(), {}, 1)).messages
    })

    it('returns records and a state of each stream in the first read', () => {
      const empty = NAMES.filter((name) => recordsOf(first, name).length === 0)
      expect(empty).to.deep.equal([])
      expect(lastStates(first)).to.have.length(NAMES.length)
      expect(findCountProblems(first)).to.deep.equal([])
    })

    it('returns no old rows in a second read if nothing changed', async () => {
      const { messages } = await read(subject(), { state: lastStates(first) })
      expectNothingOld(messages)
    })

    it('accepts states without a namespace', async () => {
      const { messages } = await read(subject(), { state: lastStates(first).map(withoutNamespace) })
      expectNothingOld(messages)
    })

    it('returns only the changed rows in a second read', async () => {
      await subject().sql(CHANGES)
      try {
        const { messages } = await read(subject(), { state: lastStates(first) })
        expect(idsOf(messages, 'orders')).to.deep.equal([6])
        expect(idsOf(messages, 'all_types')).to.deep.equal([1])
        expect(idsOf(messages, VIEW)).to.include(6)
      } finally {
        await subject().sql(UNDO)
      }
    })

    it('returns no rows older than an intermediate state', async () => {
      const { messages } = await read(subject(), {}, 1)
      for (const { state } of messages) {
        if (state?.stream === undefined) continue
        const { name } = state.stream.stream_descriptor
        const cursor = cursorOf(state.stream.stream_state)
        const again = await read(subject(), { state: [state] }, 1)
        const cursors = recordsOf(again.messages, name).map((data) => String(data['updated_at']))
        expect(cursors.filter((value) => cursor !== null && value < cursor)).to.deep.equal([])
      }
    })

    it('returns nothing for states in the future', async () => {
      const { messages } = await read(subject(), { state: ABNORMAL_STATE })
      expect(messages.flatMap(({ record }) => record ?? [])).to.deep.equal([])
    })
  })
}

/** @param batchSize number of rows between checkpoints; the minimum gives the most states. */
async function read(
  subject: Subject,
  files: { state?: unknown },
  batchSize = 10_000,
): Promise<Outcome> {
  const config = { ...subject.config, batch_size: batchSize }
  const outcome = await subject.run('read', { config, catalog: INCREMENTAL_CATALOG, ...files })
  expect(outcome.code, outcome.stderr).to.equal(0)
  return outcome
}

function expectNothingOld(messages: readonly Message[]): void {
  for (const name of TABLES) expect(recordsOf(messages, name), name).to.deep.equal([])
  const cursors = recordsOf(messages, VIEW).map((data) => String(data['updated_at']))
  expect(cursors.filter((value) => value < VIEW_CURSOR)).to.deep.equal([])
}

function idsOf(messages: readonly Message[], stream: string): unknown[] {
  return recordsOf(messages, stream).map(({ id }) => id)
}

/**
 * Returns the cursor of a final state. A state of an unfinished first read has no meaning for the
 * cursor.
 */
function cursorOf(state: Json | undefined): string | null {
  if (state?.['state_type'] !== 'cursor_based') return null
  const { cursors } = state as { cursors?: Json }
  return typeof cursors?.['updated_at'] === 'string' ? cursors['updated_at'] : null
}

/** Removes the namespace, like Airbyte's own acceptance tests. */
function withoutNamespace(state: ReturnType<typeof lastStates>[number]): Json {
  const { name = '' } = state.stream?.stream_descriptor ?? {}
  return { ...state, stream: { ...state.stream, stream_descriptor: { name } } }
}
