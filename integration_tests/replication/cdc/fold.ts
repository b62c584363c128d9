import type { RecordMessage } from '../../helpers/messages.ts'

/**
 * Content of a destination that keeps the record with the highest `_ab_cdc_lsn` for each key; of
 * equal ones the later.
 */
export function fold(
  records: readonly RecordMessage[],
  stream: string,
  key: readonly string[] = ['id'],
): readonly Readonly<Record<string, unknown>>[] {
  const rows = new Map<string, Readonly<Record<string, unknown>>>()
  for (const { data } of records.filter((record) => record.stream === stream)) {
    const id = JSON.stringify(key.map((name) => data[name]))
    const known = rows.get(id)
    if (known !== undefined && Number(known['_ab_cdc_lsn']) > Number(data['_ab_cdc_lsn'])) continue
    rows.set(id, data)
  }
  return [...rows.values()].filter((row) => row['_ab_cdc_deleted_at'] === null)
}

/** Values of a record without the change columns. */
export function valuesOf(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !name.startsWith('_ab_cdc_')))
}
