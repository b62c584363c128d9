import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Run, withConnector } from '../../../helpers/connector.ts'
import type { RecordMessage, StateMessage } from '../../../helpers/messages.ts'
import type { Server } from '../../../helpers/server.ts'
import type { Row } from '../../../helpers/session.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { lsnOf } from '../slot-position.ts'
import { type ConfiguredCatalog, incrementalCatalog, lastState, sync } from '../sync.ts'

/** Interval at which the state of the slot is checked. */
const POLL_MS = 20
/** Every commit is followed by a STATE. */
const EXTRA = { batch_size: 1, max_retries: 1 }

/** Tables whose rows a record contains in full. */
export interface LogContent {
  readonly tables: string
  /** Each is a transaction. */
  readonly transactions: readonly string[]
}

/** A log that is read several times from the same state, each time through a copy of its slot. */
export class RepeatedLog implements AsyncDisposable {
  readonly cdc: CdcDatabase
  readonly #catalog: ConfiguredCatalog
  readonly #state: StateMessage
  readonly #loaded: readonly RecordMessage[]
  /** Records of the log in a sync without a fault. */
  #whole: readonly RecordMessage[] = []
  #copies = 0

  private constructor(cdc: CdcDatabase, catalog: ConfiguredCatalog, first: Run) {
    this.cdc = cdc
    this.#catalog = catalog
    this.#state = lastState(first)
    this.#loaded = first.records
  }

  static async create({ tables, transactions }: LogContent, server?: Server): Promise<RepeatedLog> {
    const cdc = await CdcDatabase.create(tables, server === undefined ? {} : { server })
    const log = new RepeatedLog(cdc, await incrementalCatalog(cdc), await sync(cdc))
    for (const transaction of transactions) await log.#sql(transaction)
    const slot = await log.copySlot()
    const run = await log.#read(slot, log.#state)
    lastState(run)
    log.#whole = run.records
    await log.#expectFoldsToTables(run.records)
    return log
  }

  /** Creates a slot at the position of the first state; returns its name. */
  async copySlot(): Promise<string> {
    const slot = `${this.cdc.slot}_${++this.#copies}`
    await this.#sql(`SELECT pg_copy_logical_replication_slot('${this.cdc.slot}', '${slot}')`)
    return slot
  }

  /**
   * Syncs from the first state through a proxy with a fault, then without one. Returns the first
   * run.
   */
  async syncThrough(port: number, config: Readonly<Record<string, unknown>> = {}): Promise<Run> {
    const slot = await this.copySlot()
    const run = await this.#read(slot, this.#state, { port, ...config })
    await this.expectFree(slot)
    this.#expectWholeTransactions(run)
    const rest = await this.#read(slot, run.states.at(-1) ?? this.#state)
    lastState(rest)
    await this.expectFree(slot)
    const stored = run.messages.findLastIndex(({ state }) => state !== undefined)
    const kept = run.messages.slice(0, stored + 1).flatMap(({ record }) => record ?? [])
    expect(new Set([...kept, ...rest.records].map(lineOf))).to.deep.equal(
      new Set(this.#whole.map(lineOf)),
    )
    await this.#expectFoldsToTables([...run.records, ...rest.records])
    await this.#sql(`SELECT pg_drop_replication_slot('${slot}')`)
    return run
  }

  /** The server may detect the end of a connection with a delay. */
  async expectFree(slot: string): Promise<void> {
    for (let isFree = false; !isFree;) {
      const [row] = await this.#sql(
        `SELECT active FROM pg_replication_slots WHERE slot_name = '${slot}'`,
      )
      isFree = row?.['active'] === 'f'
      if (!isFree) await sleep(POLL_MS)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sql(
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE '${this.cdc.slot}_%'`,
    )
    await this.cdc[Symbol.asyncDispose]()
  }

  /** Runs SQL in a new session, because syncs may run side by side. */
  async #sql(text: string): Promise<readonly Row[]> {
    const { server, name } = this.cdc.db
    return await server.query(text, name)
  }

  async #read(
    slot: string,
    state: StateMessage,
    extra: Readonly<Record<string, unknown>> = {},
  ): Promise<Run> {
    const config = this.cdc.config({ replication_slot: slot }, { ...EXTRA, ...extra })
    await using connector = await withConnector(config)
    return await connector.read({ catalog: this.#catalog, state: [state] })
  }

  /** All changes up to the position of a STATE must precede it. */
  #expectWholeTransactions({ messages }: Run): void {
    const seen = new Set<string>()
    for (const { record, state } of messages) {
      if (record !== undefined) seen.add(lineOf(record))
      if (state === undefined) continue
      const due = this.#whole.filter(
        ({ data }) => BigInt(Number(data['_ab_cdc_lsn'])) <= lsnOf(state),
      )
      expect(due.map(lineOf).filter((line) => !seen.has(line))).to.deep.equal([])
    }
  }

  async #expectFoldsToTables(records: readonly RecordMessage[]): Promise<void> {
    for (const { stream } of this.#catalog.streams) {
      const rows = await this.#sql(`SELECT to_json(r)::text AS row FROM "${stream.name}" AS r`)
      const folded = fold([...this.#loaded, ...records], stream.name).map(valuesOf)
      const lines = folded.map((row) => JSON.stringify(row))
      expect(new Set(lines)).to.deep.equal(
        new Set(rows.map(({ row }) => JSON.stringify(JSON.parse(row ?? '')))),
      )
      expect(lines).to.have.length(rows.length)
    }
  }
}

function lineOf({ stream, data }: RecordMessage): string {
  return JSON.stringify({ stream, ...data })
}
