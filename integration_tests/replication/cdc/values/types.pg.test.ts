import { expect } from 'chai'
import { requestedMajor } from '../../../helpers/binaries.ts'
import type { Run } from '../../../helpers/connector.ts'
import { Server } from '../../../helpers/server.ts'
import { rawRecord } from '../../../types/raw-record.ts'
import { fillTable, type Place, placesFor } from '../../../types/type-case-table.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { lastState, sync } from '../sync.ts'

/** Settings of the role that would change the text of values. */
const HOSTILE = [
  "DateStyle = 'German'",
  "IntervalStyle = 'iso_8601'",
  "TimeZone = 'Asia/Tokyo'",
  'extra_float_digits = -2',
  "bytea_output = 'escape'",
  'quote_all_identifiers = on',
]
/**
 * Types whose binary form is read: the log of a table with only these types is requested in binary
 * form.
 */
const BINARY =
  /^(bool|int[248]|oid|float[48]|numeric[^[]*|text|varchar[^[]*|bytea|uuid|jsonb?|date|time[^[]*|mood|feeling|(int[248]|float[48]|numeric|text|bytea|uuid|jsonb?|date|timestamptz?|money)\[\]+)$/
const MAJOR_WITH_BINARY = 14

/** JSON of each value by row and column. */
function valuesOf(run: Run, stream: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const messages = run.messages.filter(({ record }) => record?.stream === stream)
  const records = messages.map(rawRecord)
  return new Map(records.map(({ values }) => [values.get('id') ?? '', values]))
}

async function compare(cdc: CdcDatabase, places: readonly Place[]): Promise<void> {
  const streams = ['cases', 'copies']
  await cdc.sql('CREATE TABLE copies (LIKE cases INCLUDING ALL)')
  const first = await sync(cdc, { streams })
  const state = lastState(first)
  await cdc.sql('INSERT INTO copies SELECT * FROM cases')
  const second = await sync(cdc, { streams, state })
  lastState(second)
  const fromCopy = valuesOf(first, 'cases')
  const fromLog = valuesOf(second, 'copies')
  const wrong = places.flatMap(({ typeCase, column, row, input }) => {
    const [expected, actual] = [fromCopy, fromLog].map((all) => all.get(`${row}`)?.get(column))
    return expected === undefined || expected !== actual
      ? [
          `${typeCase.type} ${input.slice(0, 60)} → ${actual?.slice(0, 80)}, not ${expected?.slice(0, 80)}`,
        ]
      : []
  })
  expect(wrong).to.deep.equal([])
}

describe('every type in the log, with settings of the role that change the text of values', () => {
  let server: Server

  before(async () => {
    server = await Server.start({ settings: { log_replication_commands: 'on' } })
    for (const setting of HOSTILE) await server.query(`ALTER ROLE postgres SET ${setting}`)
  })

  after(async () => {
    await server[Symbol.asyncDispose]()
  })

  it('is read like by COPY, in text form', async () => {
    await using cdc = await CdcDatabase.create('', { server })
    const places = placesFor(server.major)
    await fillTable(cdc.db, places)
    await compare(cdc, places)
    expect(await server.log()).not.to.include("binary 'true'")
  })

  it('is read like by COPY, in binary form', async () => {
    if (requestedMajor() < MAJOR_WITH_BINARY) return
    await using cdc = await CdcDatabase.create('', { server })
    const places = placesFor(server.major).filter(({ typeCase }) => BINARY.test(typeCase.type))
    expect(new Set(places.map(({ typeCase }) => typeCase.type)).size).to.be.greaterThan(15)
    await fillTable(cdc.db, places)
    await compare(cdc, places)
    expect(await server.log()).to.include("binary 'true'")
  })
})
