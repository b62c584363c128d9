import { once } from 'node:events'
import pg from 'pg'
import Cursor from 'pg-cursor'

/**
 * A plain implementation: pg-cursor, objects, JSON.stringify. `node plain-cursor.js CONNECTION
 * SELECT STREAM`; records on stdout, `{rows, bytes}` on stderr.
 */
const [connection = '', select = '', stream = ''] = process.argv.slice(2)
const BATCH_ROWS = 10_000

const client = new pg.Client(JSON.parse(connection))
await client.connect()
const cursor = client.query(new Cursor<Record<string, unknown>>(select))
let rows = 0
let bytes = 0
for (;;) {
  const batch = await cursor.read(BATCH_ROWS)
  if (batch.length === 0) break
  let text = ''
  for (const data of batch) {
    const record = { namespace: 'public', stream, data, emitted_at: Date.now() }
    text += `${JSON.stringify({ type: 'RECORD', record })}\n`
  }
  const chunk = Buffer.from(text)
  rows += batch.length
  bytes += chunk.length
  if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
}
await client.end()
process.stderr.write(`${JSON.stringify({ rows, bytes })}\n`)
