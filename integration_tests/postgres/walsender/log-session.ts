import { parseConfig } from '../../../src/config/parse-config.ts'
import { parseLsn } from '../../../src/lsn.ts'
import { Database } from '../../../src/postgres/session/database.ts'
import type { LogReader } from '../../../src/postgres/walsender/log-reader.ts'
import type { LogOptions } from '../../../src/postgres/walsender/start-replication.ts'
import type { WalSender } from '../../../src/postgres/walsender/walsender.ts'
import type { ReplicationVisitor } from '../../../src/wire/replication-stream.ts'
import type { CdcDatabase } from '../../replication/cdc/cdc-database.ts'

/** Parameters of a session; by default, all of the slot's log is read in text form. */
export interface ReadOptions extends Partial<LogOptions> {
  /** Differences from the config of the connector, for instance the port of a proxy. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly signal?: AbortSignal
  readonly acknowledged?: bigint
}

/** Opens a replication connection like the connector, for the duration of `work`. */
export async function withWalSender<Result>(
  cdc: CdcDatabase,
  { config = {}, signal }: Pick<ReadOptions, 'config' | 'signal'>,
  work: (walSender: WalSender, database: Database) => Promise<Result>,
): Promise<Result> {
  const parsed = parseConfig(cdc.config({}, config)).config
  await using database = await Database.connect(parsed, signal === undefined ? {} : { signal })
  await using walSender = await database.openWalSender()
  return await work(walSender, database)
}

/** Starts to read the slot of `cdc`. */
export function readSlot(
  cdc: CdcDatabase,
  walSender: WalSender,
  visitor: ReplicationVisitor,
  options: ReadOptions = {},
): LogReader {
  const { slot = cdc.slot, publications = ['p'], start = 0n, isBinary = false } = options
  const log = { slot, publications, start, isBinary }
  return walSender.read(log, visitor, options.acknowledged)
}

/** Reads the log of the slot up to its current end, without moving the slot. */
export async function readToNow(
  cdc: CdcDatabase,
  visitor: ReplicationVisitor,
  options: ReadOptions = {},
): Promise<void> {
  const target = await currentLsn(cdc)
  await withWalSender(cdc, options, async (walSender) => {
    const logTarget = new LogTarget(visitor, target)
    await using reader = readSlot(cdc, walSender, logTarget.visitor, options)
    while (!logTarget.isReached && (await reader.read()));
  })
}

/** Current end of the log. */
export async function currentLsn(cdc: CdcDatabase): Promise<bigint> {
  await cdc.sql('SELECT pg_logical_emit_message(false, $$flush$$, $$$$)')
  const [row] = await cdc.sql('SELECT pg_current_wal_insert_lsn() AS lsn')
  return parseLsn(row?.['lsn'] ?? '')
}

/** Stops reading at the first position at or after `target` outside of a transaction. */
export class LogTarget {
  isReached = false
  readonly visitor: ReplicationVisitor
  #isInTransaction = false

  constructor(visitor: ReplicationVisitor, target: bigint) {
    const reach = (lsn: bigint): boolean =>
      (this.isReached ||= !this.#isInTransaction && lsn >= target)
    this.visitor = {
      begin: (begin) => {
        this.#isInTransaction = true
        visitor.begin(begin)
      },
      commit: (commit) => {
        this.#isInTransaction = false
        visitor.commit(commit)
        return reach(commit.endLsn)
      },
      keepalive: (walEnd, isReplyRequested) => {
        visitor.keepalive(walEnd, isReplyRequested)
        return reach(walEnd)
      },
      origin: (name) => visitor.origin(name),
      relation: (relation) => visitor.relation(relation),
      type: (oid, schema, name) => visitor.type(oid, schema, name),
      truncate: (relations, options) => visitor.truncate(relations, options),
      message: (message) => visitor.message(message),
    }
  }
}
