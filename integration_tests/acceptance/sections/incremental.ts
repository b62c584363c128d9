import { expect } from 'chai'
import { type Json, lastStates, type Message, recordsOf } from '../../helpers/messages.ts'
import { ABNORMAL_STATE, INCREMENTAL_CATALOG } from '../fixtures.ts'
import { findCountProblems } from '../read-checks.ts'
import type { Outcome, Subject } from '../subject.ts'

const NAMES = INCREMENTAL_CATALOG.streams.map(({ stream }) => stream.name)

/** Of a view nobody can tell which rows are new: those of the late-commit window come again. */
const VIEW = 'paid_orders'
const TABLES = NAMES.filter((name) => name !== VIEW)
/** The highest cursor of the view's rows. */
const VIEW_CURSOR = '2024-01-05T23:59:59.999999Z'

/** Rows above every cursor of the seed: one order that is paid, one row of the other table. */
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

    it('gives records and a state of each stream in the first read', () => {
      const empty = NAMES.filter((name) => recordsOf(first, name).length === 0)
      expect(empty).to.deep.equal([])
      expect(lastStates(first)).to.have.length(NAMES.length)
      expect(findCountProblems(first)).to.deep.equal([])
    })

    it('gives nothing old in a second read when nothing changed', async () => {
      const { messages } = await read(subject(), { state: lastStates(first) })
      expectNothingOld(messages)
    })

    it('takes states that name no namespace', async () => {
      const { messages } = await read(subject(), { state: lastStates(first).map(withoutNamespace) })
      expectNothingOld(messages)
    })

    it('gives the changed rows, and nothing older, in a second read', async () => {
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

    it('gives nothing older than any state on the way', async () => {
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

    it('gives nothing for states that lie in the future', async () => {
      const { messages } = await read(subject(), { state: ABNORMAL_STATE })
      expect(messages.flatMap(({ record }) => record ?? [])).to.deep.equal([])
    })
  })
}

/** @param batchSize rows between checkpoints; as few as possible make as many states as possible. */
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

/** The cursor of a finished state; one of an unfinished first read promises nothing about cursors. */
function cursorOf(state: Json | undefined): string | null {
  if (state?.['state_type'] !== 'cursor_based') return null
  const { cursors } = state as { cursors?: Json }
  return typeof cursors?.['updated_at'] === 'string' ? cursors['updated_at'] : null
}

/** As Airbyte's own acceptance tests hand states back. */
function withoutNamespace(state: ReturnType<typeof lastStates>[number]): Json {
  const { name = '' } = state.stream?.stream_descriptor ?? {}
  return { ...state, stream: { ...state.stream, stream_descriptor: { name } } }
}
