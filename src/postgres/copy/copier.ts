import type { TupleSink } from '../../wire/copy-stream.ts'

/** What a read came to: rows of the current statement, the end of a statement, or the end of them all. */
export type CopyProgress = 'rows' | 'statement' | 'end'

/** COPY statements that are being read. */
export interface CopyReader {
  /** Bytes that came from the server. */
  readonly receivedBytes: number
  /** Reads what came in one socket chunk, waiting for it; the sink has its rows when this resolves. */
  read(): Promise<CopyProgress>
}

/** A COPY to which further statements can be added while it runs. */
export interface ExtensibleCopy extends CopyReader {
  /** Whether all of its statements have ended, so that none can be added. */
  readonly isDone: boolean
  /** Asks for one more statement. The server begins it as soon as the one before it has ended, without a round trip. */
  append(select: string): void
}

/** Runs SELECTs as COPY. */
export interface Copier {
  /** Starts them; the rows go to `sink` in the order of the SELECTs. It is busy until they are read to their end. */
  copy(selects: readonly string[], sink: TupleSink): CopyReader
}
