import type { Copier } from '../copy/copier.ts'
import type { SearchPath } from './begin-statements.ts'
import type { QuerySession } from './sql-session.ts'

/** Transactions below `xmin` have ended, those from `xmax` on had not begun to write; ids have 64 bits. */
export interface TransactionSnapshot {
  readonly xmin: bigint
  readonly xmax: bigint
  /** `txid_current_snapshot()`, which also names the transactions in between that have not ended. */
  readonly text: string
  /** The server's clock at the start of the transaction, in milliseconds since 1970. */
  readonly atMs: number
}

/** What the rows of a stream are read with: statements and COPYs in one snapshot. */
export interface StreamSession extends QuerySession, Copier {
  readonly snapshot: TransactionSnapshot
  /** Whether the server takes literals such as `'x'::int`; the transaction and its snapshot live on if it does not. */
  areValid(literals: readonly string[]): Promise<boolean>
  /** Where names in later statements are looked up. */
  setSearchPath(path: SearchPath): Promise<void>
}
