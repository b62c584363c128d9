import type { TupleSink } from '../../wire/copy-stream.ts'

/**
 * Result of a read: rows of the current statement, the end of a statement, or the end of all
 * statements.
 */
export type CopyProgress = 'rows' | 'statement' | 'end'

/** Running COPY statements. */
export interface CopyReader {
  /** Bytes received from the server. */
  readonly receivedBytes: number
  /** Waits for one socket chunk and reads it. The sink has its rows when this resolves. */
  read(): Promise<CopyProgress>
}

/** A COPY to which statements can be added while it runs. */
export interface ExtensibleCopy extends CopyReader {
  /** Whether all of its statements have ended, so that none can be added. */
  readonly isDone: boolean
  /**
   * Adds a statement. The server begins it when the previous one has ended, without a round trip.
   */
  append(select: string): void
}

/** Runs SELECTs as COPY. */
export interface Copier {
  /**
   * Starts the SELECTs; `sink` receives the rows in their order. The connection is in use until all
   * of them have been read.
   */
  copy(selects: readonly string[], sink: TupleSink): CopyReader
}
