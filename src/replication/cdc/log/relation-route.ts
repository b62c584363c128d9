import type { TypeResolver } from '../../../types/type-resolver.ts'
import { type LogTuple, UNCHANGED_KIND } from '../../../wire/log-tuple.ts'
import type { ChangeVisitor, LogChange, LogRelation } from '../../../wire/pgoutput.ts'
import { ChangeWriter } from './change-writer.ts'
import type { LogStream } from './log-stream.ts'
import type { LoggedColumns } from './logged-columns.ts'
import type { RowChange } from './row-change.ts'
import type { LongValues } from './values/long-values.ts'

/** A stream of a relation in the log, and the indexes of its columns. */
interface RoutedStream {
  readonly stream: LogStream
  readonly logged: LoggedColumns
}

/** Queue in which the changes of all relations keep the order of the log. */
export interface ChangeQueue {
  /** @param newTuple the new row, including values that the change leaves out. */
  take(route: RelationRoute, kind: RowChange['kind'], change: LogChange, newTuple: LogTuple): void
  readonly longValues: LongValues
}

/** A relation of the log, and the streams that receive its changes. */
export class RelationRoute implements ChangeVisitor {
  readonly relation: LogRelation
  readonly #queue: ChangeQueue
  readonly #longValues: ReturnType<LongValues['of']>
  #writers: readonly ChangeWriter[] | null = null

  constructor(relation: LogRelation, queue: ChangeQueue) {
    this.relation = relation
    this.#queue = queue
    this.#longValues = queue.longValues.of(relation)
  }

  /** Null: its streams and types are unknown yet. */
  get writers(): readonly ChangeWriter[] | null {
    return this.#writers
  }

  /** @param types all types of the relation's columns. */
  bind(streams: readonly RoutedStream[], types: TypeResolver): readonly ChangeWriter[] {
    const { columns } = this.relation
    this.#writers = streams.map(
      ({ stream, logged }) => new ChangeWriter(stream, { columns, logged }, types),
    )
    return this.#writers
  }

  /**
   * Hides values that were of another type. Called before a change is written or what it lacks is
   * fetched.
   */
  hideRetyped({ newTuple, oldTuple, oldKind }: RowChange): void {
    for (const { retyped } of this.#writers ?? []) {
      if (retyped.length === 0) continue
      newTuple.hide(retyped)
      if (oldKind === 'row') oldTuple.hide(retyped)
    }
  }

  insert(change: LogChange): void {
    this.#take('INSERT', change)
  }

  update(change: LogChange): void {
    if (change.newTuple.hasUnchanged && change.oldKind === 'row') fillUnchanged(change)
    this.#take('UPDATE', change)
  }

  delete(change: LogChange): void {
    this.#take('DELETE', change)
  }

  #take(kind: RowChange['kind'], change: LogChange): void {
    const newTuple = this.#longValues?.follow(kind, change) ?? change.newTuple
    this.#queue.take(this, kind, change, newTuple)
  }
}

/** Under REPLICA IDENTITY FULL, the old row contains the values that the new one leaves out. */
function fillUnchanged({ newTuple, oldTuple }: LogChange): void {
  newTuple.hasUnchanged = false
  for (let index = 0; index < newTuple.count; index++) {
    if (newTuple.kinds[index] !== UNCHANGED_KIND) continue
    newTuple.take(oldTuple, index)
    newTuple.hasUnchanged ||= newTuple.kinds[index] === UNCHANGED_KIND
  }
}
