import { expect } from 'chai'
import { backendsOf } from '../helpers/backends.ts'
import { type Attempt, Consumer, idsOf, logsOf, range } from '../helpers/consumer.ts'
import type { TestDatabase } from '../helpers/database.ts'
import type { FaultProxy } from '../helpers/fault-proxy.ts'
import type { Json, Message } from '../helpers/messages.ts'

export const ROWS = 60_000
export const CREATE_BIG = `
  CREATE TABLE big (id int, note text, state text DEFAULT 'before');
  INSERT INTO big SELECT n, repeat('x', 200) FROM generate_series(1, ${ROWS}) AS n; ANALYZE big`

/** Observations during a read. */
interface Watched extends Attempt {
  /** Highest number of backends that read at the same time. */
  readonly readers: number
  /** The same since the fault. */
  readonly laterReaders: number
}

/**
 * A fault within a read, when this many backends are reading: `act` is repeated until it returns
 * true.
 */
interface Disturbance {
  readonly readers: number
  readonly act: (pids: readonly number[]) => Promise<boolean>
}

/** A consumer whose connector receives its rows slowly, so that it waits for the server. */
export async function behind(
  network: FaultProxy,
  database: TestDatabase,
  extra: Json = {},
): Promise<Consumer> {
  const config = { port: network.port, application_name: database.name, batch_size: 500, ...extra }
  return await Consumer.create(database, [{ name: 'big' }], config)
}

/** Runs a sync and counts the backends. */
export async function watch(
  consumer: Consumer,
  database: TestDatabase,
  disturbance?: Disturbance,
): Promise<Watched> {
  await using running = await consumer.start()
  const messages: Message[] = []
  let readers = 0
  let laterReaders = 0
  let pending = disturbance
  for await (const message of running.messages()) {
    messages.push(message)
    if (message.state === undefined) continue
    const pids = await backendsOf(database.server, database.name, true)
    readers = Math.max(readers, pids.length)
    laterReaders = Math.max(laterReaders, pids.length)
    if (pids.length !== pending?.readers) continue
    if (!(await pending.act(pids))) continue
    pending = undefined
    laterReaders = 0
  }
  consumer.accept(messages)
  return { messages, readers, laterReaders, ...(await running.ended) }
}

/** Warnings of the connector, except those about a slow consumer on a busy machine. */
export function warningsOf(attempt: Attempt): string[] {
  const messages = logsOf(attempt, 'WARN').map(({ message }) => message)
  return messages.filter((message) => !message.endsWith('slower than the source'))
}

export function expectRows({ code, messages }: Attempt): void {
  expect(code).to.equal(0)
  expect(idsOf(messages)).to.deep.equal(range(1, ROWS))
}
