import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'

const MEGABYTES = 200
const BLOCK = 'é"\n\u2028x'.repeat(100_000)

/** Digest of the first RECORD line up to its time, computed without storing the line. */
async function digestRecord(
  chunks: AsyncIterable<Buffer>,
): Promise<{ digest: string; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  let isRecord = false
  for await (const chunk of chunks) {
    const start: number = isRecord ? 0 : chunk.indexOf('{"type":"RECORD"')
    if (start < 0) continue
    const end: number = chunk.indexOf(',"emitted_at":', start)
    const part = chunk.subarray(start, end < 0 ? chunk.length : end)
    hash.update(part)
    bytes += part.length
    isRecord = end < 0
  }
  return { digest: hash.digest('hex'), bytes }
}

describe('a text of 200 MB', () => {
  it('is read completely', async () => {
    await using db = await TestDatabase.create()
    const repeats = Math.ceil((MEGABYTES * 1e6) / Buffer.byteLength(BLOCK))
    await db.sql('CREATE TABLE t (v text); ALTER TABLE t ALTER v SET STORAGE EXTERNAL')
    await db.sql('INSERT INTO t SELECT repeat($1, $2)', [BLOCK, repeats])
    await using connector = await withConnector(db.config())
    await using running = await connector.startRead({}, { timeoutMs: 110_000 })
    const { stdout } = running.process
    if (stdout === null) throw new Error('stdout is not a pipe')
    const actual = await digestRecord(stdout)
    expect((await running.ended).code).to.equal(0)

    const hash = createHash('sha256')
    hash.update('{"type":"RECORD","record":{"namespace":"public","stream":"t","data":{"v":"')
    const escaped = JSON.stringify(BLOCK).slice(1, -1)
    for (let count = 0; count < repeats; count++) hash.update(escaped)
    hash.update('"}')
    expect(actual.bytes).to.be.greaterThan(MEGABYTES * 1e6)
    expect(actual.digest).to.equal(hash.digest('hex'))
  })
})
