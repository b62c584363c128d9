import type { Schema } from 'apache-arrow'
import { DataType } from 'apache-arrow/type'
import { rm } from 'node:fs/promises'
import { AcceleratorSource } from '../../accelerator/accelerator-source.ts'
import { arrowColumn, arrowParser, arrowSchema, isRounded } from './arrow-fields.ts'
import { StreamFiles } from './arrow-directory.ts'
import { arrowTypeName } from './describe-schema.ts'
import { ArrowFile } from './arrow-file.ts'
import { ArrowStream } from './arrow-stream.ts'
import { makeChangeColumns, withChangeColumns } from './arrow-change-columns.ts'
import { type ArrowField, ArrowSink } from './arrow-sink.ts'
import type { BatchTarget } from './batch-queue.ts'
import type { Column } from '../../introspection/relation.ts'
import type { StreamDescriptor } from '../../protocol/messages.ts'
import { streamKey, streamLabel } from '../../protocol/stream-names.ts'
import type { Config } from '../../config/config.ts'
import { ConnectorError } from '../../errors.ts'
import type { StreamPlan } from '../../replication/stream-plan.ts'
import { textEntry } from '../../types/registry.ts'
import { type ArrowOutput, unwritableOutput } from './arrow-output.ts'
import { ArrowWriter } from './arrow-writer.ts'
import type { OpenedWriter, PartFiles, Writers } from '../writer.ts'
import { log, logOnce, type Run } from '../../run-context.ts'

/** The open writer of a stream. */
interface OpenStream {
  readonly shape: string
  readonly target: BatchTarget
  readonly writer: ArrowWriter
}

/** Arrow IPC files in a directory, or one Arrow IPC stream. */
export class ArrowWriters implements Writers, PartFiles {
  readonly #run: Run
  readonly #config: Config
  readonly #options: ArrowOutput
  readonly #accelerators: AcceleratorSource
  readonly #writers = new Map<string, OpenStream>()
  readonly #workDirectories: string[] = []

  constructor(run: Run, config: Config, options: ArrowOutput) {
    this.#run = run
    this.#config = config
    this.#options = options
    this.#accelerators = AcceleratorSource.of(run)
  }

  async open(plan: StreamPlan, isResumed: boolean): Promise<OpenedWriter> {
    const shape = shapeOf(plan)
    const key = streamKey(plan.descriptor)
    const known = this.#writers.get(key)
    if (known?.shape === shape && !this.#isDiscarded(known, isResumed)) {
      return { writer: known.writer, discardedRows: 0 }
    }
    if (known !== undefined) await this.#end(known.writer, plan)
    const isCommitted = known?.writer.isCommitted === true
    const opened = await this.#create(plan, isResumed || isCommitted)
    this.#writers.set(key, { shape, ...opened })
    const discardedRows = known === undefined || isCommitted ? 0 : known.writer.sink.rows
    return { writer: opened.writer, discardedRows }
  }

  /** Whether the rows so far are read again, because no STATE covers them. */
  #isDiscarded({ writer }: OpenStream, isResumed: boolean): boolean {
    if (this.#options.directory === null || isResumed) return false
    return !writer.isCommitted && writer.sink.rows > 0
  }

  get parts(): PartFiles | null {
    return this.#options.directory === null ? null : this
  }

  async createWorkDirectory(descriptor: StreamDescriptor): Promise<string> {
    const directory = await this.#filesOf(descriptor).createWorkDirectory()
    this.#workDirectories.push(directory)
    return directory
  }

  adopt(descriptor: StreamDescriptor, directories: readonly string[], rows: number): void {
    const opened = this.#writers.get(streamKey(descriptor))
    if (!(opened?.target instanceof ArrowFile)) throw new Error('the stream has no file')
    opened.target.adopt(this.#filesOf(descriptor).partsIn(directories))
    opened.writer.adopt(rows)
  }

  #filesOf(descriptor: StreamDescriptor): StreamFiles {
    const { directory } = this.#options
    if (directory === null) throw new Error('there is no directory')
    return new StreamFiles(directory, descriptor)
  }

  /** Abandons the writers that are not finished, because the run has failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { writer } of this.#writers.values()) {
      const partial = await writer.abandon().catch(() => null)
      if (partial === null) continue
      const message = `The rows up to the last STATE are in ${partial}; the files of the earlier read are kept. A read with that state completes it and replaces them.`
      log(this.#run, 'WARN', message)
    }
    for (const directory of this.#workDirectories) {
      await rm(directory, { recursive: true, force: true })
    }
  }

  /** Finishes the file of an earlier attempt if ALTER TABLE has changed the columns since. */
  async #end(writer: ArrowWriter, plan: StreamPlan): Promise<void> {
    await (writer.isCommitted ? writer.finish() : writer.abandon())
    if (this.#options.directory !== null) return
    const message = `The columns of stream '${streamLabel(plan.descriptor)}' have changed while it was read. Run the read again.`
    throw new ConnectorError('config_error', message)
  }

  async #create(plan: StreamPlan, isNext: boolean): Promise<Omit<OpenStream, 'shape'>> {
    const columns = columnsOf(plan)
    const changeColumns = plan.hasChangeColumns ? makeChangeColumns() : null
    const sources = changeColumns === null ? columns : withChangeColumns(columns)
    const schema = arrowSchema(sources, this.#options)
    const label = streamLabel(plan.descriptor)
    this.#warnOfRounding(label, plan.columns)
    const fields = columns.map((column, index): ArrowField => {
      const isSelected = plan.fields[index]!.type !== null
      const { type } = column
      const parse = arrowParser(type, this.#options)
      return { column: arrowColumn(type, this.#options), parse, typeName: type.name, isSelected }
    })
    const { directory } = this.#options
    const target = await (directory === null
      ? this.#openStream(schema)
      : this.#openFile(plan, schema, isNext).catch((error: unknown) => {
          throw unwritableOutput(directory, error)
        }))
    const sink = new ArrowSink(fields, {
      batchRows: this.#config.batchSize,
      onBatch: (batch) => target.write(batch),
      changeColumns,
      accelerators: this.#accelerators,
    })
    const writer = new ArrowWriter(sink, target, {
      cutMs: this.#config.checkpointIntervalMs,
      onError: (error) =>
        target instanceof ArrowFile ? unwritableOutput(target.path, error) : error,
      onEnd: () => this.#logUnrepresentable(label, columns, fields),
    })
    return { target, writer }
  }

  async #openStream(schema: Schema): Promise<BatchTarget> {
    if (this.#run.data === null) throw new Error('there is no place for an Arrow stream')
    return await Promise.resolve(new ArrowStream(this.#run.data, schema))
  }

  async #openFile(plan: StreamPlan, schema: Schema, isNext: boolean): Promise<BatchTarget> {
    const files = this.#filesOf(plan.descriptor)
    if (!isNext) return await files.createFirst(schema)
    for (const { path, rows } of await files.salvage()) {
      const message = `Recovered file ${path} of an interrupted read: ${rows} rows.`
      log(this.#run, 'INFO', message)
    }
    return await files.createNext(schema)
  }

  #warnOfRounding(label: string, columns: readonly Column[]): void {
    const rounded = columns.filter(({ type }) => isRounded(type, this.#options))
    if (rounded.length === 0) return
    const names = rounded.map(({ name }) => `'${name}'`).join(', ')
    const message = `Stream '${label}': numeric values are float64 in Arrow, which keeps 15 to 17 digits (${names}). Use --arrow-exact to keep them all.`
    logOnce(this.#run, message)
  }

  #logUnrepresentable(
    label: string,
    columns: readonly Column[],
    fields: readonly ArrowField[],
  ): void {
    fields.forEach(({ column: { losses, type } }, index) => {
      if (losses === 0) return
      const { name } = columns[index]!
      const [holder, result] = DataType.isUtf8(type)
        ? ['text', 'NaN and infinity are null, invalid characters are U+FFFD']
        : [`Arrow's ${arrowTypeName(type)}`, 'they are null']
      const message = `Column '${name}' of stream '${label}' has values that ${holder} cannot hold (${losses}): ${result}.`
      log(this.#run, 'WARN', message)
    })
  }
}

/** Key that is equal for two plans with the same columns. */
function shapeOf({ fields, columns }: StreamPlan): string {
  const types = columns.map(({ name, type }) => [name, type.name, type.arrow, type.decimal])
  return JSON.stringify([fields.map(({ name }) => name), types])
}

/** A column that the relation no longer has is a text column with nulls. */
function columnsOf(plan: StreamPlan): readonly Column[] {
  const byName = new Map(plan.columns.map((column) => [column.name, column]))
  return plan.fields.map(({ name }) => {
    const missing = {
      name,
      type: textEntry('text'),
      typeOid: 0,
      order: null,
      select: 'NULL',
      isNullable: true,
    }
    return byName.get(name) ?? missing
  })
}
