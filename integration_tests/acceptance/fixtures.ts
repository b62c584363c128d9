import { readFileSync } from 'node:fs'
import { CHECKOUT } from '../helpers/checkout.ts'
import type { Json } from '../helpers/messages.ts'

const DIRECTORY = `${CHECKOUT}integration_tests/acceptance/`

/** The text of a file of the checkout. */
export function readText(path: string): string {
  return readFileSync(`${CHECKOUT}${path}`, 'utf8')
}

function readFixture(name: string): string {
  return readFileSync(`${DIRECTORY}${name}`, 'utf8')
}

/** A record of the fixture. Airbyte's tests compare with it, without `emitted_at`. */
export interface ExpectedRecord {
  readonly stream: string
  readonly namespace: string
  readonly data: Json
}

/** A stream of a configured catalog, with the fields that the tests use. */
export interface ConfiguredFixture {
  readonly stream: { readonly name: string; readonly namespace: string; readonly json_schema: Json }
  readonly sync_mode: string
  readonly cursor_field: readonly string[]
}

/** The statements that fill the database. */
export const SEED = readFixture('seed.sql')

/** A config with a wrong password. */
export const INVALID_CONFIG: Json = JSON.parse(readFixture('invalid_config.json'))

export const CONFIG: Json = JSON.parse(readFixture('config.json'))

export const CONFIGURED_CATALOG: { readonly streams: readonly ConfiguredFixture[] } = JSON.parse(
  readFixture('configured_catalog.json'),
)

export const INCREMENTAL_CATALOG: { readonly streams: readonly ConfiguredFixture[] } = JSON.parse(
  readFixture('incremental_catalog.json'),
)

/** States with cursors that are higher than those of all rows. */
export const ABNORMAL_STATE: readonly Json[] = JSON.parse(readFixture('abnormal_state.json'))

export const EXPECTED_RECORDS: readonly ExpectedRecord[] = readFixture('expected_records.jsonl')
  .trimEnd()
  .split('\n')
  .map((line): ExpectedRecord => JSON.parse(line))

/** The stream of the seed without rows. */
export const EMPTY_STREAM = 'archive'
