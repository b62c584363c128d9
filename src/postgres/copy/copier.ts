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

/** Runs SELECTs as COPY. */
export interface Copier {
  /** Starts them; the rows go to `sink` in the order of the SELECTs. It is busy until they are read to their end. */
  copy(selects: readonly string[], sink: TupleSink): CopyReader
}
