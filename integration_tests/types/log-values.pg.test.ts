import { RecordBatchReader } from 'apache-arrow'
import { expect } from 'chai'
import { ByteBuffer } from '../../src/bytes/byte-buffer.ts'
import { readTypes } from '../../src/introspection/types.ts'
import type { ChangeSink, RowSink } from '../../src/replication/feed.ts'
import type { ResultField } from '../../src/postgres/session/sql-session.ts'
import { BinaryFormError } from '../../src/postgres/walsender/walsender-error.ts'
import { ident, literal } from '../../src/sql.ts'
import type { TestDatabase } from '../helpers/database.ts'
import { RecordedLog } from '../../src/testing/recorded-log.ts'
import { isReadInBinary, type PgType } from '../../src/types/pg-type.ts'
import type { TypeResolver } from '../../src/types/type-resolver.ts'
import type { ChangeVisitor, LogRelation } from '../../src/wire/pgoutput.ts'
import {
  arrowColumn,
  type ArrowOptions,
  arrowParser,
  arrowSchema,
} from '../../src/writers/arrow/arrow-fields.ts'
import { ArrowSink } from '../../src/writers/arrow/arrow-sink.ts'
import { IpcWriter } from '../../src/writers/arrow/ipc-writer.ts'
import { RecordEncoder } from '../../src/writers/records/record-encoder.ts'
import { CdcDatabase } from '../replication/cdc/cdc-database.ts'
import { readToNow } from '../postgres/walsender/log-session.ts'
import { copyAll, inTransaction } from './transaction.ts'
import { fillTable, placesFor } from './type-case-table.ts'

const MAJOR_WITH_BINARY = 14
const SHOWN_DIFFERENCES = 5
const STREAM = { namespace: 'public', name: 'cases' }

/** Settings that change the text of values unless the session overrides them. */
const HOSTILE_SETTINGS: Readonly<Record<string, string>> = {
  DateStyle: 'German, DMY',
  IntervalStyle: 'iso_8601',
  TimeZone: 'Asia/Tokyo',
  extra_float_digits: '-2',
  bytea_output: 'escape',
  xmloption: 'document',
  quote_all_identifiers: 'on',
  search_path: 'nowhere, public',
}

/**
 * Types whose binary forms are oids, depend on a currency, or are private to an extension or
 * missing.
 */
const WITHOUT_BINARY = [
  '_aclitem',
  '_regclass',
  'cube',
  'prices',
  'regclass',
  'regconfig',
  'regdictionary',
  'regnamespace',
  'regoperator',
  'regproc',
  'regprocedure',
  'regrole',
  'regtype',
]

interface Field {
  readonly name: string
  readonly type: PgType
  readonly select: string
}

/** Receives rows and returns them by id, each as text. */
interface Rows {
  readonly sink: RowSink
  byId(): Map<number, string>
}

/** Returns rows as the lines of records. */
class Lines implements Rows {
  readonly #out = new ByteBuffer(1024)
  readonly sink: RecordEncoder

  constructor(fields: readonly Field[]) {
    this.sink = new RecordEncoder(this.#out, STREAM, fields, { emittedAtMs: 0 })
  }

  byId(): Map<number, string> {
    const lines = this.#out.bytes.toString('utf8', 0, this.#out.length).split('\n').slice(0, -1)
    return new Map(lines.map((line) => [JSON.parse(line).record.data.id, line]))
  }
}

function refuse(): never {
  expect.fail('only rows were inserted')
}

/** Returns rows as the JSON of the rows of an Arrow table. */
class ArrowRows implements Rows {
  readonly sink: ArrowSink
  readonly #out = new ByteBuffer(1024)
  readonly #ipc: IpcWriter

  constructor(fields: readonly Field[], options: ArrowOptions) {
    const schema = arrowSchema(
      fields.map((field) => ({ ...field, isNullable: true })),
      options,
    )
    const columns = fields.map(({ type }) => {
      const parse = arrowParser(type, options)
      const column = arrowColumn(type, options)
      return { column, parse, typeName: type.name, isSelected: true }
    })
    this.#ipc = new IpcWriter(this.#out, schema, 'stream')
    this.sink = new ArrowSink(columns, {
      batchRows: 1000,
      onBatch: (batch) => this.#ipc.write(batch),
      changeColumns: null,
    })
  }

  byId(): Map<number, string> {
    this.sink.cut()
    this.#ipc.finish()
    const stream = this.#out.bytes.subarray(0, this.#out.length)
    const rows = [...RecordBatchReader.from(stream)].flatMap((batch) => [...batch])
    return new Map(
      rows.map((row) => {
        const values = Object.entries(row.toJSON()).map(([name, value]) => [name, textOf(value)])
        const data = Object.fromEntries(values)
        return [Number(data['id']), JSON.stringify({ record: { data } })]
      }),
    )
  }
}

function textOf(
  value: Uint8Array | Uint32Array | string | number | bigint | boolean | null,
): string | null {
  if (value === null) return null
  return typeof value === 'object' ? value.join() : String(value)
}

/** Writes the inserted rows of `cases`. */
class InsertedRows extends RecordedLog {
  readonly #rows: Rows
  readonly #fields: readonly Field[]
  readonly #types: TypeResolver

  constructor(rows: Rows, fields: readonly Field[], types: TypeResolver) {
    super()
    this.#rows = rows
    this.#fields = fields
    this.#types = types
  }

  override relation(relation: LogRelation): ChangeVisitor | null {
    if (relation.name !== STREAM.name) return null
    const sink: ChangeSink = this.#rows.sink.bind(
      this.#fields.map(({ name }) => {
        const index = relation.columns.findIndex((column) => column.name === name)
        const { typeOid, typmod } = relation.columns[index]!
        return { index, type: this.#types.resolve(typeOid, typmod) }
      }),
    )
    return { insert: ({ newTuple }) => sink.change(newTuple), update: refuse, delete: refuse }
  }
}

function differences(log: Map<number, string>, copy: Map<number, string>): string[] {
  const wrong: string[] = []
  expect([...log.keys()]).to.have.members([...copy.keys()])
  for (const [id, line] of copy) {
    if (log.get(id) === line) continue
    const [actual, expected] = [log.get(id), line].map((each) => JSON.parse(each ?? '').record.data)
    for (const name of Object.keys(expected)) {
      const values = [actual[name], expected[name]].map((value) =>
        JSON.stringify(value)?.slice(0, 99),
      )
      if (values[0] !== values[1]) wrong.push(`${name}: ${values[0]}, not ${values[1]}`)
    }
    wrong.push(`row ${id} differs`)
  }
  return wrong.slice(0, SHOWN_DIFFERENCES)
}

describe('the values of every type in the log, with settings that change their text', () => {
  let cdc: CdcDatabase
  let types: TypeResolver
  let fields: readonly Field[]

  before(async () => {
    cdc = await CdcDatabase.create('')
    await fillTable(cdc.db, placesFor(cdc.db.server.major))
    for (const [name, value] of Object.entries(HOSTILE_SETTINGS)) {
      await cdc.sql(
        `ALTER DATABASE ${cdc.db.name} SET ${name} TO ${value.includes(',') && name === 'search_path' ? value : `'${value}'`}`,
      )
    }
    const attributes = await attributesOf(cdc.db, 'cases')
    types = await inTransaction(cdc.db, async (transaction) => {
      return await readTypes(
        transaction,
        attributes.map(({ typeOid }) => typeOid),
      )
    })
    fields = attributes.map(({ name, typeOid, typmod }) => {
      const type = types.resolve(typeOid, typmod)
      return { name, type, select: types.select(typeOid, ident(name)) }
    })
  })

  after(async () => {
    await cdc[Symbol.asyncDispose]()
  })

  async function copied(rows: Rows, selects: readonly string[]): Promise<Map<number, string>> {
    await inTransaction(cdc.db, async (transaction) => {
      await copyAll(transaction, [`SELECT ${selects.join(', ')} FROM public.cases`], rows.sink)
    })
    return rows.byId()
  }

  async function logged(
    rows: Rows,
    selected: readonly Field[],
    isBinary: boolean,
  ): Promise<Map<number, string>> {
    const publications = [isBinary ? 'only_binary' : 'p']
    await readToNow(cdc, new InsertedRows(rows, selected, types), { isBinary, publications })
    return rows.byId()
  }

  /** Compares records and both kinds of Arrow columns. */
  async function expectSame(selected: readonly Field[], isBinary: boolean): Promise<void> {
    const selects = selected.map(({ select }) => select)
    const lines = await copied(new Lines(selected), selects)
    expect(differences(await logged(new Lines(selected), selected, isBinary), lines)).to.deep.equal(
      [],
    )
    expect(lines.size).to.be.greaterThan(10)
    const forArrow = selected.map(({ name, type, select }) => {
      const isText = type.arrow.default === 'utf8' || type.writeBinary !== undefined
      return isText ? select : ident(name)
    })
    for (const options of [{ isExact: false }, { isExact: true }]) {
      const arrow = await copied(new ArrowRows(selected, options), forArrow)
      const log = await logged(new ArrowRows(selected, options), selected, isBinary)
      expect(differences(log, arrow)).to.deep.equal([])
    }
  }

  it('are the same bytes as from COPY, in text form', async () => {
    expect(fields.length).to.be.greaterThan(90)
    await expectSame(fields, false)
  })

  it('are the same bytes as from COPY, in binary form', async () => {
    if (cdc.db.server.major < MAJOR_WITH_BINARY) return
    const others = fields.filter(({ type }) => !isReadInBinary(type)).map(({ type }) => type.name)
    expect(others).to.have.members(WITHOUT_BINARY)
    const binary = fields.filter(({ type }) => isReadInBinary(type))
    const list = binary.map(({ name }) => name).join(', ')
    // The server has no binary form of some other columns of the table, for instance of aclitem[]
    await cdc.dropSlot()
    await cdc.sql(`ALTER TABLE public.cases RENAME TO all_cases;
      CREATE TABLE public.cases AS SELECT ${list} FROM public.all_cases LIMIT 0;
      CREATE PUBLICATION only_binary FOR TABLE public.cases`)
    await cdc.createSlot()
    await cdc.sql(`INSERT INTO public.cases SELECT ${list} FROM public.all_cases`)
    await expectSame(binary, true)
  })

  it('are rejected in binary form if the server has none, with a known error', async () => {
    if (cdc.db.server.major < MAJOR_WITH_BINARY) return
    await cdc.sql(`CREATE TABLE public.unsendable (rights aclitem[]);
      INSERT INTO public.unsendable VALUES ('{=r/postgres}')`)
    const error: unknown = await readToNow(cdc, new RecordedLog(), { isBinary: true }).then(
      () => null,
      (reason: unknown) => reason,
    )
    expect(error).to.be.instanceOf(BinaryFormError)
    await readToNow(cdc, new RecordedLog())
  })
})

/** Columns of a table; the description of a query would have the base type of a domain. */
async function attributesOf(db: TestDatabase, table: string): Promise<readonly ResultField[]> {
  const rows = await db.sql(`
    SELECT attname, atttypid, atttypmod FROM pg_attribute
    WHERE attrelid = ${literal(`public.${table}`)}::regclass AND attnum > 0 ORDER BY attnum`)
  return rows.map(({ attname, atttypid, atttypmod }) => {
    return { name: attname ?? '', typeOid: Number(atttypid), typmod: Number(atttypmod) }
  })
}
