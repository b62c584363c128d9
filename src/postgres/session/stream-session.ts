import type { Copier } from '../copy/copier.ts'
import type { SearchPath } from './begin-statements.ts'
import type { QuerySession } from './sql-session.ts'

/** Transactions below `xmin` had ended; those from `xmax` on had no id yet. Ids have 64 bits. */
export interface TransactionSnapshot {
  readonly xmin: bigint
  readonly xmax: bigint
  /** `txid_current_snapshot()`, which also contains the running transactions in between. */
  readonly text: string
  /** The server's clock at the start of the transaction, in milliseconds since 1970. */
  readonly atMs: number
}

/** Runs the statements and COPYs that read a stream, in one snapshot. */
export interface StreamSession extends QuerySession, Copier {
  readonly snapshot: TransactionSnapshot
  /**
   * Whether literals such as `'x'::int` are valid. The transaction and its snapshot continue if
   * they are not.
   */
  areValid(literals: readonly string[]): Promise<boolean>
  /** Sets where names in later statements are looked up. */
  setSearchPath(path: SearchPath): Promise<void>
}
