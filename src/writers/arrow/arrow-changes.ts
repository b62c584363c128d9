import { QUOTE } from '../../bytes/ascii.ts'
import { ByteBuffer } from '../../bytes/byte-buffer.ts'
import type { BoundColumn } from '../../replication/feed.ts'
import { logForms, NULLED, type ValueWriter } from '../../types/pg-type.ts'
import { BINARY_KIND, type LogTuple, NULL_KIND, TEXT_KIND } from '../../wire/log-tuple.ts'
import type { ArrowColumn } from './columns/arrow-column.ts'
import type { ParseText } from './columns/text-forms.ts'
import { textWriter } from './columns/text-value.ts'
import { Utf8Column } from './columns/utf8-column.ts'

/** A field of a stream whose values come from the log. */
export interface ChangeField {
  readonly column: ArrowColumn
  /** Parses the text form into the form that the column reads; null: the column reads text. */
  readonly parse: ParseText | null
  /** `pg_type.typname` of the values that the column reads in binary form. */
  readonly typeName: string
}

interface BoundField extends ChangeField {
  /** Index in the tuples of the relation; -1: the relation does not have the column. */
  readonly index: number
  readonly writeBinary: ValueWriter
  /** Appends the text of a value, by its form. */
  readonly appendText: ValueWriter
  readonly appendBinary: ValueWriter
  /** Whether the binary form is that of the column. */
  readonly isSameType: boolean
}

const scratch = new ByteBuffer(64)

/** Writes the values of the tuples of one relation of the log into the columns of a stream. */
export class ArrowChanges {
  readonly #fields: readonly BoundField[]

  constructor(fields: readonly ChangeField[], columns: readonly (BoundColumn | null)[]) {
    this.#fields = fields.map((field, position) => bindField(field, columns[position] ?? null))
  }

  /** @throws RangeError if a value does not have the form of its type. */
  append(row: number, tuple: LogTuple): void {
    for (const field of this.#fields) {
      const { column, index } = field
      const kind = index < 0 ? NULL_KIND : tuple.kinds[index]!
      const isValue = kind === TEXT_KIND || kind === BINARY_KIND
      if (!isValue) column.appendNull(row)
      else appendValue(row, field, tuple, kind === BINARY_KIND)
    }
  }
}

function bindField(field: ChangeField, bound: BoundColumn | null): BoundField {
  const forms = bound === null ? null : logForms(bound.type)
  const writeBinary = forms?.writeBinary ?? unreadable
  return {
    ...field,
    index: bound?.index ?? -1,
    writeBinary,
    appendText: textWriter(forms?.writeText ?? unreadable),
    appendBinary: textWriter(writeBinary),
    isSameType: bound?.type.name === field.typeName,
  }
}

function appendValue(row: number, field: BoundField, tuple: LogTuple, isBinary: boolean): void {
  const { column, index, parse } = field
  const { bytes } = tuple
  const start = tuple.starts[index]!
  const end = tuple.ends[index]!
  if (column instanceof Utf8Column) {
    column.appendAs(row, isBinary ? field.appendBinary : field.appendText, bytes, start, end)
  } else if (isBinary && field.isSameType) column.append(row, bytes, start, end)
  else {
    const text = isBinary
      ? jsonText(field.writeBinary, bytes, start, end)
      : bytes.toString('utf8', start, end)
    const parsed = text === null ? null : (parse?.(text) ?? null)
    if (parsed === null) column.appendUnrepresentable(row)
    else column.append(row, parsed, 0, parsed.length)
  }
}

/**
 * Returns the text of a value whose type is not that of the column, because the type was altered
 * after the change.
 */
function jsonText(write: ValueWriter, bytes: Buffer, start: number, end: number): string | null {
  scratch.reset()
  if (write(scratch, bytes, start, end) === NULLED) return null
  const json = scratch.bytes.toString('utf8', 0, scratch.length)
  return scratch.bytes[0] === QUOTE ? String(JSON.parse(json)) : json
}

const unreadable: ValueWriter = () => {
  throw new RangeError('damaged replication stream: a value in a form that was not requested')
}
