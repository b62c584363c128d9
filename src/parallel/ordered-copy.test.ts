import { expect } from 'chai'
import { setImmediate as turn } from 'node:timers/promises'
import type { CopyProgress, ExtensibleCopy } from '../postgres/copy/copier.ts'
import type { TupleSink } from '../wire/copy-stream.ts'
import type { CopySource } from './copy-worker.ts'
import { OrderedCopy } from './ordered-copy.ts'
import { BlockPool } from './tuple-block.ts'

/** Number of rows of every statement. */
const ROWS = 3

/**
 * A source whose statement `n` has the rows `n.0`, `n.1`, …; each read returns one row, perhaps
 * later.
 */
class ScriptedSource implements CopySource {
  isUsable = true
  readonly sent: string[] = []
  /** Number of reads after which the connection is lost. */
  readonly #lostAfter: number
  /** Number of event loop turns per read. */
  readonly #delay: number

  constructor({ lostAfter = Infinity, delay = 0 } = {}) {
    this.#lostAfter = lostAfter
    this.#delay = delay
  }

  copy([select = '']: readonly string[], sink: TupleSink): ExtensibleCopy {
    const pending: string[] = []
    let row = 0
    let reads = 0
    const append = (next: string): void => {
      this.sent.push(next)
      pending.push(next)
    }
    append(select)
    const read = async (): Promise<CopyProgress> => {
      for (let i = 0; i <= this.#delay; i++) await turn()
      if (reads++ === this.#lostAfter) {
        this.isUsable = false
        throw new Error('lost')
      }
      const [statement] = pending
      if (statement === undefined) return 'end'
      if (row === ROWS) {
        row = 0
        pending.shift()
        return 'statement'
      }
      const bytes = Buffer.from(`${statement}.${row++}`)
      sink.tuple(bytes, 0, bytes.length)
      return 'rows'
    }
    return {
      receivedBytes: 1,
      get isDone() {
        return pending.length === 0
      },
      append,
      read,
    }
  }
}

class Rows implements TupleSink {
  readonly all: string[] = []
  /** A row that the sink rejects. */
  readonly #refused: string | null

  constructor(refused: string | null = null) {
    this.#refused = refused
  }

  tuple(bytes: Buffer, start: number, end: number): void {
    const row = bytes.toString('latin1', start, end)
    if (row === this.#refused) throw new Error('refused')
    this.all.push(row)
  }
}

const SELECTS = Array.from({ length: 40 }, (_, n) => `${n}`)
const EXPECTED = SELECTS.flatMap((select) => [`${select}.0`, `${select}.1`, `${select}.2`])

async function readAll(
  main: ScriptedSource,
  other: ScriptedSource,
): Promise<{ rows: string[]; statements: number; failures: unknown[] }> {
  const rows = new Rows()
  const failures: unknown[] = []
  const onFailure = (failure: unknown): void => void failures.push(failure)
  const copy = new OrderedCopy(
    SELECTS,
    { main, others: [other], onFailure, blocks: new BlockPool() },
    rows,
  )
  let statements = 0
  for (let progress: CopyProgress = 'rows'; progress !== 'end';) {
    progress = await copy.read()
    if (progress !== 'statement') continue
    statements++
    expect(rows.all.length, 'rows at the end of a statement').to.equal(statements * ROWS)
  }
  return { rows: rows.all, statements, failures }
}

describe('OrderedCopy', () => {
  for (const [name, mainDelay, otherDelay] of [
    ['as fast as each other', 0, 0],
    ['the first is slow', 9, 0],
    ['the second is slow', 0, 9],
  ] as const) {
    it(`two connections deliver all rows in the order of the statements: ${name}`, async () => {
      const main = new ScriptedSource({ delay: mainDelay })
      const other = new ScriptedSource({ delay: otherDelay })
      const { rows, statements, failures } = await readAll(main, other)
      expect(rows).to.deep.equal(EXPECTED)
      expect(statements).to.equal(SELECTS.length)
      expect(failures).to.deep.equal([])
      expect([...main.sent, ...other.sent]).to.have.members(SELECTS)
    })
  }

  it('the faster connection reads more statements', async () => {
    const main = new ScriptedSource({ delay: 20 })
    const other = new ScriptedSource()
    await readAll(main, other)
    expect(other.sent.length).to.be.above(main.sent.length)
  })

  for (let lostAfter = 0; lostAfter <= 4 * ROWS; lostAfter++) {
    it(`losing an optional connection after ${lostAfter} reads loses and repeats no row`, async () => {
      const other = new ScriptedSource({ lostAfter })
      const { rows, failures } = await readAll(new ScriptedSource({ delay: 1 }), other)
      expect(rows).to.deep.equal(EXPECTED)
      expect(failures.map(String)).to.deep.equal(['Error: lost'])
    })
  }

  for (const refused of EXPECTED.slice(0, 4 * ROWS)) {
    it(`the copy fails if the sink rejects row ${refused}, whichever connection has read it`, async () => {
      const rows = new Rows(refused)
      const failures: unknown[] = []
      const onFailure = (failure: unknown): void => void failures.push(failure)
      const others = [new ScriptedSource({ delay: 9 })]
      const blocks = new BlockPool()
      const sources = { main: new ScriptedSource(), others, onFailure, blocks }
      const copy = new OrderedCopy(SELECTS, sources, rows)
      const readToEnd = async (): Promise<void> => {
        while ((await copy.read()) !== 'end');
      }
      const failure: unknown = await readToEnd().catch((error: unknown) => error)
      expect(String(failure)).to.equal('Error: refused')
      expect(rows.all).to.deep.equal(EXPECTED.slice(0, EXPECTED.indexOf(refused)))
      expect(failures).to.deep.equal([])
    })
  }

  it('the copy fails if the main connection is lost', async () => {
    const failing = readAll(new ScriptedSource({ lostAfter: 4 }), new ScriptedSource())
    const failure: unknown = await failing.catch((error: unknown) => error)
    expect(String(failure)).to.equal('Error: lost')
  })

  it('reads at most 2 MiB ahead of its turn, for statements of any size', async () => {
    let reads = 0
    const read = async (): Promise<CopyProgress> => {
      await turn()
      reads++
      return 'rows'
    }
    const wide = Buffer.alloc(2 ** 20)
    const endless: CopySource = {
      isUsable: true,
      copy: (_, sink) => ({
        receivedBytes: 0,
        isDone: false,
        append: () => undefined,
        read: async () => {
          sink.tuple(wide, 0, wide.length)
          return await read()
        },
      }),
    }
    const stuck: CopySource = {
      isUsable: true,
      copy: () => ({
        receivedBytes: 0,
        isDone: false,
        append: () => undefined,
        read: async () => await Promise.resolve('rows'),
      }),
    }
    const sink = { tuple: () => undefined }
    const blocks = new BlockPool()
    const sources = { main: stuck, others: [endless], onFailure: () => undefined, blocks }
    const copy = new OrderedCopy(SELECTS, sources, sink)
    for (let i = 0; i < 20; i++) {
      await copy.read()
      await turn()
    }
    expect(reads).to.equal(2)
  })
})
