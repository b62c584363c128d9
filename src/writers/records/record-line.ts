import type { ByteBuffer } from '../../bytes/byte-buffer.ts'
import type { StreamDescriptor } from '../../protocol/messages.ts'
import type { ChangeColumns } from '../../replication/change-columns.ts'
import type { RecordField } from '../../replication/stream-plan.ts'
import { writeUint64 } from '../../types/numbers.ts'
import { EXACT, NULLED, type Outcome, TRUNCATED, type ValueWriter } from '../../types/pg-type.ts'
import { append, type Constant, constant } from './constant.ts'

/** Outcome of a value that the server did not send. */
const MISSING = 3
const CHANGES = {
  [NULLED]: { change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' },
  [TRUNCATED]: { change: 'TRUNCATED', reason: 'SOURCE_SERIALIZATION_ERROR' },
  [MISSING]: { change: 'NULLED', reason: 'SOURCE_RETRIEVAL_ERROR' },
} as const

interface Change {
  readonly field: string
  readonly outcome: Exclude<Outcome, typeof EXACT> | typeof MISSING
}

/**
 * Length of the text that closes `data`, `record` and the message; `meta` is inserted before its
 * last part.
 */
const CLOSING_BYTES = '}}\n'.length
const NULL = constant('null')

/**
 * Writes the line of a RECORD message of one stream value by value: `begin`, then `value`, `null`
 * or `missing` for each selected field in order, then `end`; or `cancel` at any point. Envelope and
 * keys are built once.
 */
export class RecordLine {
  /** Number of lines so far. */
  rows = 0
  /** Fields for which values are passed: those that are not always null. */
  readonly fields: readonly RecordField[]
  readonly #out: ByteBuffer
  /** Text before the value of each of `fields`. */
  readonly keys: readonly Constant[]
  readonly #emittedAtMs: number
  readonly #changeColumns: ChangeColumns | null
  /** Text after the last value: the rest of `data`, or the key of `_ab_cdc_lsn`. */
  readonly #afterValues: Constant
  /**
   * Text after `_ab_cdc_lsn`, for existing and for deleted rows, built for this
   * `_ab_cdc_updated_at`.
   */
  #updatedAt = ''
  #existing = NULL
  #deleted = NULL
  #start = 0
  readonly #changes: Change[] = []

  constructor(
    out: ByteBuffer,
    descriptor: StreamDescriptor,
    fields: readonly RecordField[],
    { emittedAtMs, changeColumns }: { emittedAtMs: number; changeColumns: ChangeColumns | null },
  ) {
    this.#out = out
    this.#emittedAtMs = emittedAtMs
    this.#changeColumns = changeColumns
    this.fields = fields.filter(({ type }) => type !== null)
    const keys: Constant[] = []
    let text = `{"type":"RECORD","record":{${namespaceOf(descriptor)}"stream":${JSON.stringify(descriptor.name)},"data":{`
    fields.forEach(({ name, type }, index) => {
      text += `${index === 0 ? '' : ','}${JSON.stringify(name)}:`
      if (type === null) text += 'null'
      else {
        keys.push(constant(text))
        text = ''
      }
    })
    this.keys = keys
    const lsnKey = `${fields.length === 0 ? '' : ','}"_ab_cdc_lsn":`
    this.#afterValues = constant(text + (changeColumns === null ? this.#closing() : lsnKey))
  }

  begin(): void {
    this.#start = this.#out.length
  }

  value(index: number, write: ValueWriter, bytes: Buffer, start: number, end: number): void {
    append(this.#out, this.keys[index]!)
    const outcome = write(this.#out, bytes, start, end)
    if (outcome !== EXACT) this.#changes.push({ field: this.fields[index]!.name, outcome })
  }

  null(index: number): void {
    append(this.#out, this.keys[index]!)
    append(this.#out, NULL)
  }

  /** Writes null for a value that is not known, with an entry in `meta.changes`. */
  missing(index: number): void {
    this.null(index)
    this.#changes.push({ field: this.fields[index]!.name, outcome: MISSING })
  }

  end(): void {
    this.#appendTail()
    if (this.#changes.length > 0) this.#appendMeta()
    this.rows++
  }

  /** Text that `end` appends if every value is exact and the change columns stay the same. */
  tail(): Buffer {
    const start = this.#out.length
    this.#appendTail()
    const tail = Buffer.from(this.#out.bytes.subarray(start, this.#out.length))
    this.#out.length = start
    return tail
  }

  /** Removes the incomplete line from the output. */
  cancel(): void {
    this.#out.length = this.#start
    this.#changes.length = 0
  }

  #appendTail(): void {
    append(this.#out, this.#afterValues)
    if (this.#changeColumns !== null) this.#appendChangeColumns(this.#changeColumns)
  }

  #appendChangeColumns(columns: ChangeColumns): void {
    if (columns.updatedAt !== this.#updatedAt) this.#setTime(columns.updatedAt)
    writeUint64(this.#out, columns.lsnHigh, columns.lsnLow)
    append(this.#out, columns.isDeleted ? this.#deleted : this.#existing)
  }

  #setTime(updatedAt: string): void {
    const time = JSON.stringify(updatedAt)
    const columns = (deletedAt: string): string =>
      `,"_ab_cdc_updated_at":${time},"_ab_cdc_deleted_at":${deletedAt}${this.#closing()}`
    this.#updatedAt = updatedAt
    this.#existing = constant(columns('null'))
    this.#deleted = constant(columns(time))
  }

  #closing(): string {
    return `},"emitted_at":${this.#emittedAtMs}}}\n`
  }

  #appendMeta(): void {
    const changes = this.#changes.map(({ field, outcome }) => ({ field, ...CHANGES[outcome] }))
    this.#changes.length = 0
    this.#out.length -= CLOSING_BYTES
    this.#out.utf8(`,"meta":{"changes":${JSON.stringify(changes)}}}}\n`)
  }
}

function namespaceOf({ namespace }: StreamDescriptor): string {
  return namespace === undefined ? '' : `"namespace":${JSON.stringify(namespace)},`
}
