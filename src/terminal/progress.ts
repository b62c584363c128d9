import type { StreamDescriptor } from '../protocol/messages.ts'
import { streamKey, streamLabel } from '../protocol/stream-names.ts'
import type { Terminal } from '../run-context.ts'
import { CLEAR_LINE } from './readable-message.ts'
import { completedLine, progressLine, type StreamProgress } from './progress-text.ts'

const REDRAW_MS = 200
/** Printed after each line, so that other output overwrites it from its start. */
const RETURN = '\r'

interface Reading {
  readonly name: string
  readonly startedMs: number
  readonly estimatedRows: number | null
  rows: number
  bytes: number
}

/**
 * Shows the progress of a read on the last line of a terminal: the stream that had rows last. A
 * line remains for each complete stream, and one for all of several. Does nothing without a
 * terminal.
 */
export class Progress implements Disposable {
  readonly #terminal: Terminal | null
  readonly #streams: number
  readonly #nameColumns: number
  readonly #timer: NodeJS.Timeout | null
  readonly #reading = new Map<string, Reading>()
  #complete = 0
  #shown: Reading | null = null
  /** All complete streams. */
  readonly #total: Reading

  constructor(terminal: Terminal | null, streams: readonly StreamDescriptor[]) {
    this.#terminal = terminal
    this.#streams = streams.length
    this.#nameColumns = widestOf(streams.map(streamLabel), terminal)
    this.#total = startReading(`${streams.length} streams`, null)
    this.#timer = terminal === null ? null : setInterval(() => this.#draw(), REDRAW_MS)
  }

  /** Starts a stream. If it is retried, its rows are counted from 0. */
  start(descriptor: StreamDescriptor, estimatedRows: number | null): void {
    this.#shown = startReading(streamLabel(descriptor), estimatedRows)
    this.#reading.set(streamKey(descriptor), this.#shown)
    this.#draw()
  }

  /** Adds rows of a stream and the bytes received for them. */
  count(
    descriptor: StreamDescriptor,
    { rows, bytes }: { readonly rows: number; readonly bytes: number },
  ): void {
    const reading = this.#reading.get(streamKey(descriptor))
    if (reading === undefined) return
    reading.rows += rows
    reading.bytes += bytes
    this.#shown = reading
  }

  /** Completes a stream. */
  complete(descriptor: StreamDescriptor): void {
    const key = streamKey(descriptor)
    const reading = this.#reading.get(key)
    if (reading === undefined) return
    this.#reading.delete(key)
    this.#complete++
    this.#total.rows += reading.rows
    this.#total.bytes += reading.bytes
    if (this.#shown === reading) this.#shown = [...this.#reading.values()].at(-1) ?? null
    this.#printCompleted(reading)
    if (this.#complete === this.#streams && this.#streams > 1) this.#printCompleted(this.#total)
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    if (this.#shown !== null) this.#terminal?.write(CLEAR_LINE)
    this.#shown = null
  }

  #printCompleted(reading: Reading): void {
    if (this.#terminal === null) return
    const line = completedLine(this.#factsOf(reading), this.#terminal, this.#nameColumns)
    this.#terminal.write(`${CLEAR_LINE}${line}\n`)
  }

  #draw(): void {
    if (this.#shown === null || this.#terminal === null) return
    const line = progressLine(this.#factsOf(this.#shown), this.#terminal)
    this.#terminal.write(`${CLEAR_LINE}${line}${RETURN}`)
  }

  #factsOf({ name, rows, bytes, startedMs, estimatedRows }: Reading): StreamProgress {
    return {
      name,
      rows,
      bytes,
      elapsedMs: performance.now() - startedMs,
      estimatedRows,
      complete: this.#complete,
      streams: this.#streams,
    }
  }
}

function widestOf(names: readonly string[], terminal: Terminal | null): number {
  return Math.max(0, ...names.map((name) => terminal?.widthOf(name) ?? 0))
}

function startReading(name: string, estimatedRows: number | null): Reading {
  return { name, startedMs: performance.now(), estimatedRows, rows: 0, bytes: 0 }
}
