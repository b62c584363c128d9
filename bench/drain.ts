import pg from 'pg'

/**
 * The upper limit: reads the bytes of COPY from the socket, counts them and only searches for the
 * end. `node drain.js CONNECTION SELECT`; reports `{rows, bytes}` on stderr.
 */
const [connection = '', select = ''] = process.argv.slice(2)
const TAIL_BYTES = 64
/** ReadyForQuery without its last byte, the transaction status. */
const READY = Buffer.from([0x5a /* Z */, 0, 0, 0, 5])
const ERROR_RESPONSE = 0x45 /* E */
/** Matches the tag of CommandComplete and its terminating zero. */
const COPY_TAG = /COPY (\d+).$/s

const client = new pg.Client(JSON.parse(connection))
await client.connect()
const { stream } = client.connection
stream.removeAllListeners('data')
let bytes = 0
let tail: Buffer = Buffer.alloc(0)
stream.on('data', (chunk: Buffer) => {
  if (bytes === 0 && chunk[0] === ERROR_RESPONSE) throw new Error(chunk.toString('latin1'))
  bytes += chunk.length
  const joined = chunk.length < TAIL_BYTES ? Buffer.concat([tail, chunk]) : chunk
  tail = joined.subarray(-TAIL_BYTES)
  if (tail.subarray(-READY.length - 1, -1).equals(READY)) finish()
})
client.connection.query(`COPY (${select}) TO STDOUT (FORMAT binary)`)

function finish(): void {
  const tag = tail.subarray(0, -READY.length - 1).toString('latin1')
  const [, rows] = COPY_TAG.exec(tag) ?? []
  if (rows === undefined) return
  process.stderr.write(`${JSON.stringify({ rows: Number(rows), bytes })}\n`)
  process.exit()
}
