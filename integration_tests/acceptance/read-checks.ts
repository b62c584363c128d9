import { Ajv, type ValidateFunction } from 'ajv'
import type { CatalogStream, Json, Message } from '../helpers/messages.ts'

/** Patterns of temporal formats. Airbyte accepts BC dates, and times without an offset. */
const FORMATS = {
  date: /^\d{4,}-\d\d-\d\d( BC)?$/,
  time: /^\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/,
  'date-time': /^\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?( BC)?$/,
}

const STATUS_ORDER = 'STARTED RUNNING COMPLETE'

const ajv = new Ajv({ strict: false, formats: FORMATS, allErrors: true })

/** Finds records that do not match the schema of their stream, or have properties outside of it. */
export function findRecordProblems(
  messages: readonly Message[],
  streams: readonly Pick<CatalogStream, 'name' | 'json_schema' | 'source_defined_primary_key'>[],
): string[] {
  const checks = new Map(streams.map((stream) => [stream.name, recordCheck(stream)]))
  return messages.flatMap(({ record }) => {
    if (record === undefined) return []
    const check = checks.get(record.stream)
    return check === undefined ? [`${record.stream}: not in the catalog`] : check(record.data)
  })
}

function recordCheck(
  stream: Pick<CatalogStream, 'name' | 'json_schema' | 'source_defined_primary_key'>,
): (data: Json) => string[] {
  const isValid: ValidateFunction = ajv.compile(stream.json_schema)
  const known = new Set(Object.keys(stream.json_schema.properties))
  const key = (stream.source_defined_primary_key ?? []).flat()
  return (data) => {
    const errors = isValid(data) ? [] : [ajv.errorsText(isValid.errors)]
    const extra = Object.keys(data).filter((name) => !known.has(name))
    const missing = key.filter((name) => data[name] === undefined || data[name] === null)
    return [
      ...errors,
      ...extra.map((name) => `'${name}' is not in the schema`),
      ...missing.map((name) => `key '${name}' has no value`),
    ].map((problem) => `${stream.name}: ${problem}`)
  }
}

/**
 * Finds streams whose statuses are not STARTED, RUNNING, COMPLETE; a stream without records has no
 * RUNNING.
 */
export function findStatusProblems(
  messages: readonly Message[],
  streams: readonly string[],
): string[] {
  return streams.flatMap((name) => {
    const statuses = messages.flatMap(({ trace }) =>
      trace?.stream_status?.stream_descriptor.name === name ? trace.stream_status.status : [],
    )
    const hasRecords = messages.some(({ record }) => record?.stream === name)
    const expected = hasRecords ? STATUS_ORDER : 'STARTED COMPLETE'
    return statuses.join(' ') === expected ? [] : [`${name}: ${statuses.join(' ')}`]
  })
}

/**
 * Finds states whose `recordCount` is not the number of the stream's records since its previous
 * state.
 */
export function findCountProblems(messages: readonly Message[]): string[] {
  const counts = new Map<string, number>()
  const problems: string[] = []
  for (const { record, state } of messages) {
    if (record !== undefined) counts.set(record.stream, (counts.get(record.stream) ?? 0) + 1)
    if (state?.stream === undefined) continue
    const { name } = state.stream.stream_descriptor
    const [counted, received] = [state.sourceStats?.recordCount, counts.get(name) ?? 0]
    if (counted !== received)
      problems.push(`${name}: the state counts ${counted} records of ${received}`)
    counts.set(name, 0)
  }
  for (const [name, count] of counts) {
    if (count > 0) problems.push(`${name}: ${count} records after the last state`)
  }
  return problems
}

/** Finds properties that never had a value other than null. */
export function findMissingDataPoints(
  messages: readonly Message[],
  streams: readonly Pick<CatalogStream, 'name' | 'json_schema'>[],
): string[] {
  return streams.flatMap(({ name, json_schema: schema }) =>
    Object.keys(schema.properties)
      .filter((property) =>
        messages.every(
          ({ record }) => record?.stream !== name || (record.data[property] ?? null) === null,
        ),
      )
      .map((property) => `${name}.${property}`),
  )
}
