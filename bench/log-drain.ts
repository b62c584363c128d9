import { parseConfig } from '../src/config/parse-config.ts'
import { parseLsn } from '../src/lsn.ts'
import { Database } from '../src/postgres/session/database.ts'
import type { ReplicationVisitor } from '../src/wire/replication-stream.ts'

/**
 * The upper limit of a Node.js client: splits the log of a slot into messages and only decodes the
 * commits. `node log-drain.js CONFIG SLOT END`; reports `{bytes}` on stderr.
 */
const [config = '', slot = '', end = ''] = process.argv.slice(2)
const target = parseLsn(end)
const progress = { isDone: false, isInTransaction: false }

const visitor: ReplicationVisitor = {
  begin: () => {
    progress.isInTransaction = true
  },
  commit: ({ endLsn }) => {
    progress.isInTransaction = false
    return (progress.isDone ||= endLsn >= target)
  },
  keepalive: (walEnd) => (progress.isDone ||= !progress.isInTransaction && walEnd >= target),
  relation: () => null,
  origin: () => undefined,
  type: () => undefined,
  truncate: () => undefined,
  message: () => undefined,
}

await using database = await Database.connect(parseConfig(JSON.parse(config)).config)
await using sender = await database.openWalSender()
const log = { slot, publications: ['p'], start: 0n, isBinary: true }
await using reader = sender.read(log, visitor)
while (!progress.isDone) await reader.read()
process.stderr.write(`${JSON.stringify({ bytes: reader.receivedBytes })}\n`)
