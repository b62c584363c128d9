import { expect } from 'chai'
import { AcceleratorSource } from '../../src/accelerator/accelerator-source.ts'
import { literal } from '../../src/sql.ts'
import { TestDatabase } from '../helpers/database.ts'
import { Random } from '../../src/testing/random.ts'
import { TYPE_CASES, TYPE_CASES_SETUP } from '../types/type-cases.ts'
import { encode, recordCopy, type RecordedCopy } from './recorded-copy.ts'

const MUTATIONS = 10_000
const SEED = 7_654_321
/** Maximum length of a value: longer ones only increase the number of splits. */
const SHORT_VALUE = 60

/** Creates the first short value of each type, and a row of nulls. */
async function createTable(db: TestDatabase): Promise<void> {
  const cases = TYPE_CASES.filter(({ since = 0 }) => since <= 12)
  const values = cases.map(
    ({ values: each }) => each.find(([input]) => input.length < SHORT_VALUE)?.[0],
  )
  const columns = cases.map(({ type }, index) => `c${index} ${type}`)
  const literals = values.map((value) => (value === undefined ? 'NULL' : literal(value)))
  await db.sql(`${TYPE_CASES_SETUP}
    CREATE TABLE t (id int, ${columns.join(', ')});
    INSERT INTO t VALUES (1, ${literals.join(', ')}), (2, ${literals.map(() => 'NULL').join(', ')})`)
}

/**
 * Damages the bytes in one way: a byte changed, bits inverted, bytes removed, inserted or doubled,
 * or the end cut off.
 */
function mutate(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length)
  const length = random.between(1, random.pick([1, 4, 200]))
  const before = bytes.subarray(0, at)
  const behind = bytes.subarray(Math.min(bytes.length, at + length))
  const changed = Buffer.from(bytes)
  switch (random.below(6)) {
    case 0:
      changed[at] = random.below(256)
      return changed
    case 1:
      changed[at] = bytes.readUInt8(at) ^ (1 << random.below(8))
      return changed
    case 2:
      return Buffer.concat([before, behind])
    case 3:
      return Buffer.concat([before, Buffer.alloc(length, random.below(256)), bytes.subarray(at)])
    case 4:
      return Buffer.concat([before, bytes.subarray(at, at + length), bytes.subarray(at)])
    default:
      return before
  }
}

function cut(bytes: Buffer, random: Random): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + random.between(1, 3000)
    chunks.push(bytes.subarray(at, end))
    at = end
  }
  return chunks
}

describe('a recorded COPY stream', () => {
  let db: TestDatabase
  let recorded: RecordedCopy
  let whole: string
  const accelerators = new AcceleratorSource('always', (reason) => {
    throw new Error(reason)
  })

  before(async () => {
    db = await TestDatabase.create()
    await createTable(db)
    recorded = await recordCopy(db, 't', 2)
    const { output, error, hasEnded } = encode(recorded, [recorded.bytes])
    expect(error).to.equal(null)
    expect(hasEnded).to.equal(true)
    expect(recorded.rows).to.equal(4)
    whole = output
  })

  after(async () => {
    await db[Symbol.asyncDispose]()
  })

  it('is encoded to the same bytes if it is split at any position', () => {
    const { bytes } = recorded
    for (let split = 1; split < bytes.length; split++) {
      const chunks = [bytes.subarray(0, split), bytes.subarray(split)]
      const { output, error } = encode(recorded, chunks)
      if (output !== whole || error !== null) expect.fail(`Split at ${split}: ${error?.message}`)
      const accelerated = encode(recorded, chunks, accelerators)
      if (accelerated.output !== whole) expect.fail(`Split at ${split}, in WebAssembly`)
    }
  })

  it('is encoded to the same bytes one byte at a time', () => {
    const { bytes } = recorded
    const chunks = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
    expect(encode(recorded, chunks)).to.deep.include({ output: whole, error: null })
  })

  it('is never accepted if its end is cut off', () => {
    const { bytes } = recorded
    for (let end = 0; end < bytes.length; end++) {
      const { hasEnded } = encode(recorded, [bytes.subarray(0, end)])
      if (hasEnded) expect.fail(`Cut at ${end}, it ended`)
    }
  })

  it(`with ${MUTATIONS} damages causes a clear error or returns all rows, always as lines of JSON`, () => {
    const random = new Random(SEED)
    let errors = 0
    for (let number = 0; number < MUTATIONS; number++) {
      const damaged = mutate(recorded.bytes, random)
      const chunks = cut(damaged, random)
      const { output, rows, error, hasEnded } = encode(recorded, chunks)
      const accelerated = encode(recorded, chunks, accelerators)
      expect(accelerated.output === output, `damage ${number} in WebAssembly`).to.equal(true)
      expect(accelerated.rows).to.equal(rows)
      expect(accelerated.error?.message).to.equal(error?.message)
      const lines = output.split('\n')
      expect(lines.pop(), `damage ${number}`).to.equal('')
      for (const line of lines) JSON.parse(line)
      expect(lines.length).to.equal(rows)
      if (error !== null) {
        errors++
        expect(error).to.be.instanceOf(RangeError)
        expect(error.message).to.match(/^damaged COPY stream: /)
      } else if (hasEnded) expect(rows, `damage ${number}`).to.equal(recorded.rows)
    }
    expect(errors).to.be.greaterThan(MUTATIONS / 3)
  })
})
