import { expect } from 'chai'
import { AlternatingCopy } from './alternating-copy.ts'
import type { CopyProgress, CopyReader } from './copier.ts'

/** A reader that tells its name each time it is read. */
class Script implements CopyReader {
  readonly receivedBytes = 10
  readonly #name: string
  readonly #steps: CopyProgress[]
  readonly #said: string[]

  constructor(name: string, steps: CopyProgress[], said: string[]) {
    this.#name = name
    this.#steps = steps
    this.#said = said
  }

  async read(): Promise<CopyProgress> {
    const step = this.#steps.shift()
    if (step === undefined) throw new Error(`${this.#name} is read behind its end`)
    this.#said.push(`${this.#name} ${step}`)
    return await Promise.resolve(step)
  }
}

async function readAll(copy: AlternatingCopy): Promise<CopyProgress[]> {
  const results: CopyProgress[] = []
  for (let result: CopyProgress = 'rows'; result !== 'end';) {
    result = await copy.read()
    results.push(result)
  }
  return results
}

describe('AlternatingCopy', () => {
  for (const [name, first, second, order] of [
    [
      'as many statements on both',
      ['rows', 'rows', 'statement', 'statement', 'end'],
      ['rows', 'statement', 'rows', 'statement', 'end'],
      'a a a b b a b b a b',
    ],
    [
      'one more on the first',
      ['statement', 'rows', 'statement', 'end'],
      ['rows', 'statement', 'end'],
      'a b b a a b a',
    ],
  ] as const) {
    it(`takes turns by statement: ${name}`, async () => {
      const said: string[] = []
      const scripts = [
        new Script('a', [...first], said),
        new Script('b', [...second], said),
      ] as const
      const copy = new AlternatingCopy(...scripts)
      const results = await readAll(copy)
      expect(said.map((line) => line[0]).join(' ')).to.equal(order)
      const statements = [...first, ...second].filter((step) => step === 'statement')
      expect(results.filter((result) => result === 'statement')).to.deep.equal(statements)
      expect(copy.receivedBytes).to.equal(20)
      expect(copy.hasSecondFailed).to.equal(false)
    })
  }

  for (const [failing, first, second] of [
    ['first', [], ['statement', 'end']],
    ['second', ['statement', 'end'], []],
  ] as const) {
    it(`fails with the ${failing} and knows which it was`, async () => {
      const scripts = [new Script('a', [...first], []), new Script('b', [...second], [])] as const
      const copy = new AlternatingCopy(...scripts)
      const failure: unknown = await readAll(copy).catch((error: unknown) => error)
      expect(String(failure)).to.include('is read behind its end')
      expect(copy.hasSecondFailed).to.equal(failing === 'second')
    })
  }
})
