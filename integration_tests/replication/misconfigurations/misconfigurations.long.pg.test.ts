import { expect } from 'chai'
import { requestedMajor } from '../../helpers/binaries.ts'
import { type Run, withConnector } from '../../helpers/connector.ts'
import { Server } from '../../helpers/server.ts'
import { isInstalled } from '../../postgres/connection/programs.ts'
import { CdcDatabase } from '../cdc/cdc-database.ts'
import { incrementalCatalog } from '../cdc/sync.ts'
import { CDC_MISTAKES } from './cdc-mistakes.ts'
import { type CdcMistake, NEWEST, type BrokenSetup, TABLE } from './mistake.ts'

const FAILED = 'Could not connect with provided configuration. Error: '
/** Placeholders in a message. */
const WORDS = /\b(?:SLOT|OTHER|READER|PORT|N|LSN|SIZE|REASON|ADDRESS|TIME)\b|OPTIONS|FLUSH/g
/** A sync waits for its slot. */
const OPTIONS = { timeoutMs: 120_000 }
const major = requestedMajor()

/** Messages of a run for its user, without those of every run. */
function messagesOf({ connectionStatus, errors, logs }: Run): readonly string[] {
  return [
    ...(connectionStatus?.message?.startsWith(FAILED) === true
      ? [connectionStatus.message.slice(FAILED.length)]
      : []),
    // Quoted since PostgreSQL 17
    ...errors.map(({ message }) => message.replaceAll('"max_wal_senders"', 'max_wal_senders')),
    ...logs.filter(({ level }) => level === 'WARN').map(({ message }) => message),
  ]
}

function patternOf(message: string, values: Readonly<Record<string, string>>): RegExp {
  const words: Readonly<Record<string, string>> = {
    OPTIONS: major >= 17 ? ', false, false, true' : '',
    LSN: '[0-9A-F]+/[0-9A-F]+',
    SIZE: '[\\d.]+ (?:bytes|[kMGT]B)',
    REASON: '\\w+',
    ADDRESS: '[\\d.]+',
    TIME: '20[\\d-]+T[\\d:+]+',
    N: '\\d+',
    FLUSH: major >= 17 ? ', boolean' : '',
    ...values,
  }
  const literal = message.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  return new RegExp(`^${literal.replaceAll(WORDS, (word) => words[word] ?? word)}$`)
}

async function run(
  cdc: CdcDatabase,
  { command, spoil }: CdcMistake,
): Promise<[Run, Partial<BrokenSetup>]> {
  const catalog = command === 'read' ? await incrementalCatalog(cdc) : null
  const spoiled = (await spoil?.(cdc)) ?? {}
  try {
    const { method, config, state } = spoiled
    await using connector = await withConnector(cdc.config(method, config))
    if (command === 'check') return [await connector.check(), spoiled]
    return [
      await connector.read({ catalog, ...(state !== undefined && { state: [state] }) }, OPTIONS),
      spoiled,
    ]
  } finally {
    await spoiled[Symbol.asyncDispose]?.()
  }
}

describe('CDC reports cause and remedy', () => {
  let server: Server

  before(async () => {
    server = await Server.start({ settings: { max_wal_senders: '4', max_replication_slots: '6' } })
  })
  after(async () => await server[Symbol.asyncDispose]())

  for (const each of CDC_MISTAKES) {
    const { mistake, message, tables = TABLE, publication, needs } = each
    const { majors: [first, last] = [0, NEWEST] } = each
    if (major < first || major > last || (needs !== undefined && !isInstalled(needs))) continue
    it(`${mistake} → ${message}`, async () => {
      const options = { server, ...(publication !== undefined && { publication }) }
      await using cdc = await CdcDatabase.create(tables, options)
      const [result, { values }] = await run(cdc, each)
      const pattern = patternOf(message, { SLOT: cdc.slot, ...values })
      const messages = messagesOf(result)
      expect(
        messages.some((text) => pattern.test(text)),
        `${messages.join('\n')}\n${pattern}`,
      ).to.equal(true)
    })
  }
})
