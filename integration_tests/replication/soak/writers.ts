import { setTimeout as sleep } from 'node:timers/promises'
import { ident, literal } from '../../../src/sql.ts'
import type { TestDatabase } from '../../helpers/database.ts'
import type { Session } from '../../helpers/session.ts'
import { Random } from './random.ts'
import { type WrittenTable, FIRST_ROWS, WRITTEN_TABLES } from './tables.ts'

/** Counts of how transactions ended, and of their statements. */
export interface WriterCounts {
  commits: number
  rollbacks: number
  prepared: number
  savepoints: number
  held: number
}

/** Options of the writers. */
export interface WriterOptions {
  readonly seed: number
  readonly sessions?: number
  /** Maximum time that a transaction stays open or prepared. */
  readonly maxHoldMs?: number
}

const DEFAULT_SESSIONS = 6
const DEFAULT_MAX_HOLD_MS = 1500
const HELD_SHARE = 0.15
const MAX_PREPARED = 8
const VACUUM_INTERVAL_MS = 400

interface PreparedTransaction {
  readonly gid: string
  readonly dueMs: number
}

/**
 * Sessions that insert, update and roll back at random, with savepoints, prepared transactions and
 * long pauses before the end, until they are stopped. They never wait for each other's rows, so
 * they do not deadlock. Every update sets the cursor to a new value, like an application; only the
 * commit is late.
 */
export class Writers {
  readonly counts: WriterCounts = {
    commits: 0,
    rollbacks: 0,
    prepared: 0,
    savepoints: 0,
    held: 0,
  }
  readonly #database: TestDatabase
  readonly #maxHoldMs: number
  readonly #loops: Promise<void>
  #isStopped = false
  #prepared: PreparedTransaction[] = []
  #gids = 0

  /** Starts writing to the tables of `createTables`. */
  constructor(database: TestDatabase, options: WriterOptions) {
    const { seed, sessions = DEFAULT_SESSIONS, maxHoldMs = DEFAULT_MAX_HOLD_MS } = options
    this.#database = database
    this.#maxHoldMs = maxHoldMs
    const loops = Array.from({ length: sessions }, (_, index) =>
      this.#writeUntilStopped(new Random(seed * 100 + index)),
    )
    this.#loops = Promise.all([...loops, this.#vacuumUntilStopped(new Random(seed))]).then(() => {})
    this.#loops.catch(() => undefined) // Reported by stop
  }

  /** Ends every transaction, including prepared ones. @throws the error of a session. */
  async stop(): Promise<WriterCounts> {
    this.#isStopped = true
    await this.#loops
    for (const { gid } of this.#prepared.splice(0)) {
      await this.#database.sql(`COMMIT PREPARED ${literal(gid)}`)
    }
    return this.counts
  }

  async #writeUntilStopped(random: Random): Promise<void> {
    await using session = await this.#database.session()
    while (!this.#isStopped) {
      await this.#endDuePrepared(session, random)
      await this.#writeTransaction(session, random)
      await sleep(random.below(60))
    }
  }

  async #writeTransaction(session: Session, random: Random): Promise<void> {
    await session.sql('BEGIN')
    if (random.chance(0.1)) await sleep(random.below(200)) // now() is fixed, but no xid is assigned yet
    for (let left = 1 + random.below(4); left > 0; left--) {
      await (random.chance(0.3) ? this.#nest(session, random) : change(session, random))
    }
    const isHeld = random.chance(HELD_SHARE)
    if (isHeld) this.counts.held++
    await sleep(random.below(isHeld ? this.#maxHoldMs : 20))
    await this.#end(session, random)
  }

  /** Runs a subtransaction, sometimes with another one in it, that is released or rolled back. */
  async #nest(session: Session, random: Random, depth = 1): Promise<void> {
    const name = `level_${depth}`
    await session.sql(`SAVEPOINT ${name}`)
    this.counts.savepoints++
    await change(session, random)
    if (depth < 3 && random.chance(0.3)) await this.#nest(session, random, depth + 1)
    await session.sql(random.chance(0.7) ? `RELEASE ${name}` : `ROLLBACK TO ${name}`)
  }

  async #end(session: Session, random: Random): Promise<void> {
    const fate = random.next()
    if (fate < 0.2 && this.#prepared.length < MAX_PREPARED) {
      const gid = `${this.#database.name}_${++this.#gids}`
      // Counted at once, because another session may prepare while this one waits for its answer
      this.#prepared.push({ gid, dueMs: Infinity })
      await session.sql(`PREPARE TRANSACTION ${literal(gid)}`)
      this.counts.prepared++
      const dueMs = Date.now() + random.below(this.#maxHoldMs)
      this.#prepared = this.#prepared.map((each) => (each.gid === gid ? { gid, dueMs } : each))
    } else if (fate < 0.4) {
      await session.sql('ROLLBACK')
      this.counts.rollbacks++
    } else {
      await session.sql('COMMIT')
      this.counts.commits++
    }
  }

  async #endDuePrepared(session: Session, random: Random): Promise<void> {
    const due = this.#prepared.filter(({ dueMs }) => dueMs <= Date.now())
    this.#prepared = this.#prepared.filter((each) => !due.includes(each))
    for (const { gid } of due) {
      const verb = random.chance(0.75) ? 'COMMIT' : 'ROLLBACK'
      await session.sql(`${verb} PREPARED ${literal(gid)}`)
    }
  }

  /** Frees the space of old versions, so that new ones move to pages that a scan has passed. */
  async #vacuumUntilStopped(random: Random): Promise<void> {
    await using session = await this.#database.session()
    while (!this.#isStopped) {
      await session.sql(`VACUUM ${ident(random.pick(WRITTEN_TABLES).name)}`)
      await sleep(random.below(VACUUM_INTERVAL_MS))
    }
  }
}

async function change(session: Session, random: Random): Promise<void> {
  const table = random.pick(WRITTEN_TABLES)
  await (random.chance(0.3) ? insert(session, random, table) : update(session, random, table))
}

async function insert(session: Session, random: Random, table: WrittenTable): Promise<void> {
  await session.sql(
    `INSERT INTO ${ident(table.name)} (version, changed, payload)
     SELECT nextval('versions'), ${random.pick(table.freshCursors)}, ${payload(random)}
     FROM generate_series(1, ${1 + random.below(3)})`,
  )
}

async function update(session: Session, random: Random, table: WrittenTable): Promise<void> {
  const name = ident(table.name)
  await session.sql(
    `UPDATE ${name} SET version = nextval('versions'),
            changed = ${random.pick(table.freshCursors)}, payload = ${payload(random)}
     WHERE id IN (SELECT id FROM ${name} WHERE id >= ${random.below(FIRST_ROWS * 1.5)}
                  ORDER BY id LIMIT ${1 + random.below(3)} FOR UPDATE SKIP LOCKED)`,
  )
}

function payload(random: Random): string {
  return literal(String.fromCharCode(97 + random.below(26)).repeat(20 + random.below(400)))
}
