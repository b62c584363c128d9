import type { Copier, CopyProgress, CopyReader } from '../postgres/copy/copier.ts'
import type { RowsTaken, TupleSink } from '../wire/copy-stream.ts'

/** The COPYs of one stream within those of a group. They are read in the order of the group. */
export class CopyPart implements CopyReader {
  receivedBytes = 0
  readonly selects: readonly string[]
  readonly sink: TupleSink
  #unread: number
  readonly #turn: Promise<GroupCopy>
  #begin: (copy: GroupCopy) => void = () => undefined
  #fail: (error: unknown) => void = () => undefined

  constructor(selects: readonly string[], sink: TupleSink) {
    this.selects = selects
    this.sink = sink
    this.#unread = selects.length
    this.#turn = new Promise((resolve, reject) => {
      this.#begin = resolve
      this.#fail = reject
    })
    this.#turn.catch(() => undefined) // It may be abandoned before its turn
  }

  /** Whether all of its statements have been read. */
  get isWhole(): boolean {
    return this.#unread === 0
  }

  async read(): Promise<CopyProgress> {
    if (this.isWhole) return 'end'
    const copy = await this.#turn
    return await copy.read(this)
  }

  /** Called when its turn has come. */
  begin(copy: GroupCopy): void {
    this.#begin(copy)
  }

  /** Called when its turn will not come. */
  fail(error: unknown): void {
    this.#fail(error)
  }

  /** Called when one of its statements has been read. */
  endStatement(): void {
    this.#unread--
  }
}

/** The COPYs of several streams, sent as one query. Each stream reads its own, in their order. */
export class GroupCopy implements TupleSink {
  readonly #parts: readonly CopyPart[]
  /** Called when it cannot be read any further; returns the error for the current stream. */
  readonly #onFailure: (error: unknown) => unknown
  #copy: CopyReader | null = null
  #turn = 0
  #end: () => void = () => undefined

  constructor(parts: readonly CopyPart[], onFailure: (error: unknown) => unknown) {
    this.#parts = parts
    this.#onFailure = onFailure
  }

  tuple(bytes: Buffer, start: number, end: number): void {
    this.#parts[this.#turn]!.sink.tuple(bytes, start, end)
  }

  takeRows(bytes: Buffer, start: number, end: number): RowsTaken | null {
    return this.#parts[this.#turn]!.sink.takeRows?.(bytes, start, end) ?? null
  }

  /** Starts the COPYs; resolves when all of them have been read or one has failed. */
  async run(copier: Copier): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#end = resolve
    })
    const selects = this.#parts.flatMap((part) => part.selects)
    this.#copy = copier.copy(selects, this)
    this.#parts[0]?.begin(this)
    await ended
  }

  /** Reads for the part whose turn it is. */
  async read(part: CopyPart): Promise<CopyProgress> {
    const copy = this.#copy!
    const before = copy.receivedBytes
    try {
      const progress = await copy.read()
      part.receivedBytes += copy.receivedBytes - before
      if (progress === 'statement') await this.#endStatement(part)
      return progress
    } catch (error) {
      throw this.#onFailure(error)
    }
  }

  /** Ends reading with an error. */
  fail(error: unknown): void {
    for (const part of this.#parts.slice(this.#turn)) part.fail(error)
    this.#end()
  }

  async #endStatement(part: CopyPart): Promise<void> {
    part.endStatement()
    if (!part.isWhole) return
    if (this.#turn + 1 < this.#parts.length) {
      this.#parts[++this.#turn]!.begin(this)
      return
    }
    while ((await this.#copy!.read()) !== 'end');
    this.#end()
  }
}
