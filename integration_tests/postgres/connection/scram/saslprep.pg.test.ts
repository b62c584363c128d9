import { expect } from 'chai'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { parseConfig } from '../../../../src/config/parse-config.ts'
import { failsSaslprep } from '../../../../src/postgres/connection/scram/saslprep.ts'
import {
  LEFT_TO_RIGHT,
  PROHIBITED,
  RIGHT_TO_LEFT,
} from '../../../../src/postgres/connection/scram/stringprep-tables.ts'
import { Database } from '../../../../src/postgres/session/database.ts'
import { TestDatabase } from '../../../helpers/database.ts'
import { Server } from '../../../helpers/server.ts'

/** First version in which the number of iterations of a verifier can be set; it was always 4096. */
const ITERATIONS_MAJOR = 16
/** SASLprep replaces it, so the verifier shows whether a password was normalized. */
const NO_BREAK_SPACE = '\u00a0'
const ALEF = '\u0627'

/** Code points at the ends of the ranges of a table, and their neighbours. */
function boundariesOf(table: string): readonly number[] {
  const ends = [...table.matchAll(/\\u\{([0-9a-f]+)\}/g)].map(([, code]) =>
    Number.parseInt(code!, 16),
  )
  const near = new Set(ends.flatMap((end) => [end - 1, end, end + 1]))
  return [...near].filter(
    (code) => code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff),
  )
}

/**
 * Whether the verifier `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey` belongs to exactly this
 * password.
 */
function isVerifierOf(verifier: string, password: string): boolean {
  const [, iterations = '', salt = '', storedKey = ''] = verifier.split(/[$:]/)
  const bytes = Buffer.from(salt, 'base64')
  const salted = pbkdf2Sync(password, bytes, Number(iterations), 32, 'sha256')
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  return createHash('sha256').update(clientKey).digest('base64') === storedKey
}

/** Verifiers that the server creates for passwords. */
async function verifiersOf(db: TestDatabase, passwords: readonly string[]): Promise<string[]> {
  const role = `${db.name}_role`
  await using session = await db.session()
  if (db.server.major >= ITERATIONS_MAJOR) await session.sql('SET scram_iterations = 1')
  await session.sql("SET password_encryption = 'scram-sha-256'")
  await session.sql(`CREATE ROLE ${role}`)
  await session.sql(`
    CREATE FUNCTION verifiers(passwords text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
    DECLARE password text;
    BEGIN
      FOREACH password IN ARRAY passwords LOOP
        EXECUTE format('ALTER ROLE ${role} PASSWORD %L', password);
        RETURN QUERY SELECT rolpassword FROM pg_authid WHERE rolname = '${role}';
      END LOOP;
    END $$`)
  const rows = await session.sql('SELECT v FROM verifiers($1) AS v', [passwords])
  await session.sql(`DROP ROLE ${role}`)
  return rows.map(({ v }) => v ?? '')
}

describe('SASLprep', () => {
  for (const [name, table, passwordWith] of [
    ['prohibited and unassigned', PROHIBITED, (text: string) => `1${text}1${NO_BREAK_SPACE}`],
    ['right to left', RIGHT_TO_LEFT, (text: string) => `a${text}1${NO_BREAK_SPACE}`],
    ['left to right', LEFT_TO_RIGHT, (text: string) => `${ALEF}${text}${NO_BREAK_SPACE}${ALEF}`],
  ] as const) {
    it(`fails like on the server, at each boundary of the table: ${name}`, async function () {
      await using db = await TestDatabase.create()
      const all = boundariesOf(table)
      const codes = db.server.major >= ITERATIONS_MAJOR ? all : all.filter((_, at) => at % 20 === 0)
      const passwords = codes.map((code) => passwordWith(String.fromCodePoint(code)))
      const verifiers = await verifiersOf(db, passwords)
      const wrong = passwords.filter(
        (password, index) => isVerifierOf(verifiers[index]!, password) !== failsSaslprep(password),
      )
      expect(verifiers).to.have.length(passwords.length)
      expect(wrong.map(codesOf)).to.deep.equal([])
    })
  }

  it('authenticates with passwords that are not normalized, like libpq', async () => {
    await using server = await Server.start({ hba: ['host all strange all scram-sha-256'] })
    await using db = await TestDatabase.create(server)
    await db.sql("SET password_encryption = 'scram-sha-256'; CREATE ROLE strange LOGIN")
    for (const password of [
      `caf\u00e9\u0007${NO_BREAK_SPACE}`,
      `\u{1f600}${NO_BREAK_SPACE}\ufb01`,
      `${ALEF}a${NO_BREAK_SPACE}`,
      '\u00ad',
      `p\u00e4ss${NO_BREAK_SPACE}w\u00adord`,
    ]) {
      await db.sql(`ALTER ROLE strange PASSWORD '${password}'`)
      const { config } = parseConfig(db.config({ username: 'strange', password }))
      await using database = await Database.connect(config)
      expect(await database.query('SELECT current_user AS name')).to.deep.equal([
        { name: 'strange' },
      ])
    }
  })
})

function codesOf(text: string): string {
  return Array.from(text, (character) => character.codePointAt(0)!.toString(16)).join(' ')
}
