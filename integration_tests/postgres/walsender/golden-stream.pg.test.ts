import { expect } from 'chai'
import { CdcDatabase } from '../../replication/cdc/cdc-database.ts'
import { RecordedLog } from '../../../src/testing/recorded-log.ts'
import { readToNow } from './log-session.ts'

const MAJOR_WITH_MESSAGES = 14
/** First version that does not send empty transactions. */
const MAJOR_WITHOUT_EMPTY_TRANSACTIONS = 15

const TABLES = `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE TABLE keyed (id int PRIMARY KEY, note varchar(10), mood mood, size positive);
  CREATE TABLE whole (id int PRIMARY KEY, body text);
  ALTER TABLE whole REPLICA IDENTITY FULL, ALTER body SET STORAGE EXTERNAL;
  CREATE TABLE indexed (id int PRIMARY KEY, code text NOT NULL UNIQUE);
  ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_code_key;
  CREATE TABLE toasted (id int PRIMARY KEY, body text, note text);
  ALTER TABLE toasted ALTER body SET STORAGE EXTERNAL;
  CREATE TABLE unread (id int);
  INSERT INTO toasted VALUES (1, repeat('x', 10000), 'a');
  INSERT INTO whole VALUES (1, repeat('y', 10000))`

const LONG = 'y'.repeat(10_000)

/** Each statement and the expected messages, without relations, positions and times. */
const STATEMENTS: readonly (readonly [sql: string, ...lines: readonly string[]])[] = [
  [
    `INSERT INTO keyed VALUES (1, 'é"''', 'ok', 5), (2, NULL, NULL, NULL)`,
    `INSERT keyed ('1','é"'','ok','5')`,
    `INSERT keyed ('2',NULL,NULL,NULL)`,
  ],
  [`UPDATE keyed SET note = 'b' WHERE id = 1`, `UPDATE keyed ('1','b','ok','5')`],
  [
    `UPDATE keyed SET id = 3 WHERE id = 2`,
    `UPDATE keyed key=('2',NULL,NULL,NULL) ('3',NULL,NULL,NULL)`,
  ],
  [`DELETE FROM keyed WHERE id = 3`, `DELETE keyed key=('3',NULL,NULL,NULL)`],
  [`UPDATE whole SET id = 2 WHERE id = 1`, `UPDATE whole row=('1','${LONG}') ('2',unchanged)`],
  [`DELETE FROM whole`, `DELETE whole row=('2','${LONG}')`],
  [`INSERT INTO indexed VALUES (1, 'a')`, `INSERT indexed ('1','a')`],
  [`DELETE FROM indexed`, `DELETE indexed key=(NULL,'a')`],
  [`UPDATE toasted SET note = 'b'`, `UPDATE toasted ('1',unchanged,'b')`],
  [`TRUNCATE keyed, indexed RESTART IDENTITY CASCADE`, `TRUNCATE keyed, indexed true true`],
  [
    `ALTER TABLE keyed ADD COLUMN extra int DEFAULT 7; INSERT INTO keyed VALUES (4, 'c', 'sad', 1)`,
    `INSERT keyed ('4','c','sad','1','7')`,
  ],
  [`INSERT INTO unread VALUES (1)`],
]

/** Returns the changes without LSNs, oids and times. */
function changesOf(log: RecordedLog): string[] {
  return log.lines
    .filter((line) => /^(INSERT|UPDATE|DELETE|TRUNCATE) /.test(line))
    .map((line) => line.replace(/^(INSERT|UPDATE|DELETE) (\w+) \d+/, '$1 $2'))
}

describe('the log of a slot', () => {
  let cdc: CdcDatabase
  let log: RecordedLog

  before(async () => {
    cdc = await CdcDatabase.create(TABLES)
    for (const [sql] of STATEMENTS) await cdc.sql(`BEGIN; ${sql}; COMMIT`)
    await cdc.sql(`SELECT pg_logical_emit_message(false, 'outside', 'a')`)
    await cdc.sql(`BEGIN; SELECT pg_logical_emit_message(true, 'inside', decode('00ff', 'hex'));
      INSERT INTO keyed VALUES (5); SAVEPOINT s; INSERT INTO keyed VALUES (6); ROLLBACK TO s;
      INSERT INTO keyed VALUES (7); COMMIT`)
    await cdc.sql(`SELECT pg_replication_origin_create('${cdc.slot}')`)
    await cdc.sql(`SELECT pg_replication_origin_session_setup('${cdc.slot}')`)
    await cdc.sql('INSERT INTO keyed VALUES (8)')
    await cdc.sql('SELECT pg_replication_origin_session_reset()')
    await cdc.sql('CREATE TABLE nothing_in_it (id int)')
    await cdc.sql(`BEGIN; INSERT INTO keyed VALUES (9); PREPARE TRANSACTION '${cdc.slot}'`)
    await cdc.sql('INSERT INTO keyed VALUES (10)')
    await cdc.sql(`COMMIT PREPARED '${cdc.slot}'`)
    log = new RecordedLog()
    log.skipped.add('unread')
    await readToNow(cdc, log)
  })

  after(async () => {
    await cdc.sql(`SELECT pg_replication_origin_drop('${cdc.slot}')`)
    await cdc[Symbol.asyncDispose]()
  })

  it('contains every kind of change', () => {
    const expected = STATEMENTS.flatMap(([, ...lines]) => lines)
    expect(changesOf(log).slice(0, expected.length)).to.deep.equal(expected)
  })

  it('contains the changes of released savepoints, and of prepared transactions at their commit', () => {
    const ids = changesOf(log)
      .filter((line) => line.startsWith('INSERT keyed'))
      .map((line) => /'(\d+)'/.exec(line)?.[1])
    expect(ids.slice(-5)).to.deep.equal(['5', '7', '8', '10', '9'])
  })

  it('describes relations with their identity and types before their changes', () => {
    const relations = new Map(
      log.lines.flatMap((line) => {
        const [, name = '', rest = ''] = /^RELATION \d+ public\.(\w+) (.*)$/.exec(line) ?? []
        return name === '' ? [] : [[name, rest] as const]
      }),
    )
    expect(relations.get('keyed')).to.match(
      /^d \(\*id:23:-1, note:1043:14, mood:\d+:-1, size:\d+:-1, extra:23:-1\)$/,
    )
    expect(relations.get('whole')).to.equal('f (*id:23:-1, *body:25:-1)')
    expect(relations.get('indexed')).to.equal('i (id:23:-1, *code:25:-1)')
    expect(
      log.lines.filter((line) => line.startsWith('TYPE ')).map((line) => line.replace(/\d+ /, '')),
    ).to.include.members(['TYPE public.mood', 'TYPE pg_catalog.int4'])
  })

  it('contains logical messages, if the version sends them', () => {
    const messages = log.lines
      .filter((line) => line.startsWith('MESSAGE '))
      .map((line) => line.replace(/ \d+ /, ' '))
    const expected = ['MESSAGE false outside 61', 'MESSAGE true inside 00ff']
    if (cdc.db.server.major < MAJOR_WITH_MESSAGES) expect(messages).to.deep.equal([])
    else expect(messages).to.include.members(expected)
  })

  it('contains the origin of a replicated transaction', () => {
    expect(log.lines).to.include(`ORIGIN ${cdc.slot}`)
  })

  it('contains each transaction in one piece, with the position of its end', () => {
    let open: string | null = null
    let empty = 0
    let last = ''
    for (const line of log.lines) {
      const [word, first = '', end] = line.split(' ')
      if (word === 'BEGIN') {
        expect(open).to.equal(null)
        open = line.split(' ')[2] ?? ''
      } else if (word === 'COMMIT') {
        expect(first).to.equal(open)
        expect(BigInt(end ?? '') > BigInt(first)).to.equal(true)
        if (last.startsWith('BEGIN')) empty++
        open = null
      }
      last = line
    }
    if (cdc.db.server.major >= MAJOR_WITHOUT_EMPTY_TRANSACTIONS) expect(empty).to.equal(0)
    else expect(empty).to.be.greaterThan(0)
  })

  it('is the same when it is read again, and in binary form', async () => {
    const again = new RecordedLog()
    again.skipped.add('unread')
    await readToNow(cdc, again)
    expect(changesOf(again)).to.deep.equal(changesOf(log))
    const binary = new RecordedLog()
    await readToNow(cdc, binary, { isBinary: true })
    const isBinary = changesOf(binary).some((line) => line.startsWith('INSERT keyed (0x00000001,'))
    expect(isBinary).to.equal(cdc.db.server.major >= MAJOR_WITH_MESSAGES)
  })
})
