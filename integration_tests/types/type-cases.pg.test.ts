import { Ajv } from 'ajv'
import { expect } from 'chai'
import { withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import type { Json, Message } from '../helpers/messages.ts'
import { lenientSchemas } from './lenient-schema.ts'
import { type RawRecord, rawRecord } from './raw-record.ts'
import { NULLED } from './type-cases.ts'
import { fillTable, type Place, placesFor } from './type-case-table.ts'

describe('every type', () => {
  let db: TestDatabase
  let places: Place[]
  let records: RawRecord[]
  let messages: readonly Message[]
  let schemas: Readonly<Record<string, Json>>
  let texts: Record<string, string | null>[]

  before(async () => {
    db = await TestDatabase.create()
    places = placesFor(db.server.major)
    await fillTable(db, places)
    await using connector = await withConnector(db.config())
    schemas = (await connector.catalog()).streams[0]!.json_schema.properties
    const run = await connector.read()
    expect(run.errors).to.deep.equal([])
    messages = run.messages.filter(({ type }) => type === 'RECORD')
    records = messages.map(rawRecord)
    texts = await db.sql('SELECT * FROM cases ORDER BY id')
  })

  after(async () => {
    await db[Symbol.asyncDispose]()
  })

  it('is read with the values of the reference', () => {
    expect(places.length).to.be.greaterThan(300)
    const byId = new Map(records.map((record) => [Number(record.values.get('id')), record]))
    const wrong: string[] = []
    for (const { typeCase, column, row, input, expected } of places) {
      const record = byId.get(row)
      const text = texts[row]?.[column]
      const value = expected === NULLED ? 'null' : (expected ?? JSON.stringify(text))
      const change = `${column} NULLED SOURCE_SERIALIZATION_ERROR`
      const isFlagged = record?.changes.includes(change) ?? false
      const actual = record?.values.get(column)
      if (actual === value && isFlagged === (expected === NULLED)) continue
      wrong.push(
        `${typeCase.type} ${input.slice(0, 80)} → ${actual?.slice(0, 80)} (${isFlagged}), not ${value.slice(0, 80)}`,
      )
    }
    expect(wrong).to.deep.equal([])
  })

  it('has no other flags', () => {
    const flagged = records.flatMap(({ changes }) => changes)
    expect(flagged).to.have.length(places.filter(({ expected }) => expected === NULLED).length)
  })

  it('is discovered with the schema of the reference', () => {
    for (const { typeCase, column } of places) {
      expect(schemas[column], typeCase.type).to.deep.equal(typeCase.schema)
    }
  })

  it('has records that are valid against the discovered schema', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
    const isValid = ajv.compile({ type: 'object', properties: lenientSchemas(schemas) })
    for (const message of messages) {
      expect(isValid(message.record?.data), ajv.errorsText(isValid.errors)).to.equal(true)
    }
  })
})
