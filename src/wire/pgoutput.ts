import { viewOf } from '../bytes/byte-view.ts'
import { LogTuple } from './log-tuple.ts'
import { damaged, MessageReader } from './message-reader.ts'

/** `pg_class.relreplident`: default, nothing, full or index. */
type ReplicaIdentity = 'd' | 'n' | 'f' | 'i'

/** A column of a relation in the log. */
interface LogColumn {
  readonly name: string
  readonly typeOid: number
  /** `pg_attribute.atttypmod`; -1 without a modifier. */
  readonly typmod: number
  /** Whether it is part of the replica identity; true for all columns with FULL. */
  readonly isKey: boolean
}

/** A relation with the columns that it had when the following changes were made. */
export interface LogRelation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly identity: ReplicaIdentity
  /** The published columns. */
  readonly columns: readonly LogColumn[]
}

/**
 * A change of one row. The same object is filled again for the next change, so it is only valid
 * during the call. An LSN is held in two unsigned halves, so that no bigint is created for each
 * row.
 */
export class LogChange {
  lsnHigh = 0
  lsnLow = 0
  /** The new row of INSERT and UPDATE. */
  readonly newTuple = new LogTuple()
  /**
   * Content of `oldTuple`: nothing, the columns of the replica identity (the others are null), or
   * the whole row. An UPDATE has a key only if the key changed.
   */
  oldKind: 'none' | 'key' | 'row' = 'none'
  readonly oldTuple = new LogTuple()
}

/** Receives the changes of one relation. */
export interface ChangeVisitor {
  insert(change: LogChange): void
  update(change: LogChange): void
  delete(change: LogChange): void
}

/** Times are microseconds since 2000-01-01 UTC. */
export interface LogBegin {
  /** Id of the top-level transaction; unsigned. */
  readonly xid: number
  /** Start of the commit record. */
  readonly commitLsn: bigint
  readonly commitMicros: bigint
}

export interface LogCommit {
  readonly commitLsn: bigint
  /** End of the commit record: the position to resume from. */
  readonly endLsn: bigint
  readonly commitMicros: bigint
}

/** `pg_logical_emit_message` */
interface LogMessage {
  readonly isTransactional: boolean
  readonly lsn: bigint
  readonly prefix: string
  readonly content: Buffer
}

interface TruncateOptions {
  readonly cascade: boolean
  readonly restartIdentity: boolean
}

/**
 * Receives the messages of pgoutput in the order of the log. Arguments other than strings are only
 * valid during the call.
 */
export interface LogVisitor {
  begin(begin: LogBegin): void
  /** Returns whether to stop reading; the next call then reads the rest. */
  commit(commit: LogCommit): boolean
  /** Reports that the transaction was replicated to this server from another one. */
  origin(name: string): void
  /**
   * Returns the visitor of the following changes of the relation on this connection; null: they are
   * skipped.
   */
  relation(relation: LogRelation): ChangeVisitor | null
  /** Describes a type that is not built in. For a domain, the name is that of its base type. */
  type(oid: number, schema: string, name: string): void
  truncate(relations: readonly LogRelation[], options: TruncateOptions): void
  message(message: LogMessage): void
}

const NEW = 0x4e /* N */
const KEY = 0x4b /* K */
const OLD = 0x4f /* O */
const CASCADE = 1
const RESTART_IDENTITY = 2
const TRANSACTIONAL = 1
const IS_KEY = 1
const OID_BYTES = 4
const IDENTITIES: ReadonlySet<string> = new Set(['d', 'n', 'f', 'i'])

interface KnownRelation {
  readonly relation: LogRelation
  readonly visitor: ChangeVisitor | null
}

/**
 * Calls a visitor for each message of pgoutput, protocol version 1. Changes create no objects:
 * their tuples are indexed in place. Relations are kept by oid until the connection ends.
 * https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 */
export class PgoutputDecoder {
  isInTransaction = false
  readonly #visitor: LogVisitor
  readonly #relations = new Map<number, KnownRelation>()
  readonly #change = new LogChange()
  readonly #reader = new MessageReader()

  constructor(visitor: LogVisitor) {
    this.#visitor = visitor
  }

  /**
   * Reads the message `bytes[start, end)` of an XLogData whose LSN is at `lsnAt`; returns whether
   * to stop reading.
   * @throws RangeError if it is not such a message, or is not allowed at this position.
   */
  message(bytes: Buffer, start: number, end: number, lsnAt: number): boolean {
    if (start >= end) throw damaged('an empty message')
    const type = bytes[start]!
    if (type === 0x49 /* I */ || type === 0x55 /* U */ || type === 0x44 /* D */) {
      this.#readChange(type, bytes, start + 1, end, lsnAt)
      return false
    }
    const reader = this.#reader.over(bytes, start + 1, end)
    switch (type) {
      case 0x42 /* B: Begin */:
        this.#begin(reader)
        return false
      case 0x43 /* C: Commit */:
        return this.#commit(reader)
      case 0x4f /* O: Origin */:
        return this.#origin(reader)
      case 0x52 /* R: Relation */:
        return this.#relation(reader)
      case 0x59 /* Y: Type */:
        return this.#type(reader)
      case 0x54 /* T: Truncate */:
        return this.#truncate(reader)
      case 0x4d /* M: Message */:
        return this.#logicalMessage(reader)
      // PostgreSQL 18 also sends it without streaming: for subtransactions of a rolled back
      // transaction above logical_decoding_work_mem, of which nothing was sent
      case 0x41 /* A: Stream Abort */:
        return false
      default:
        throw damaged('an unknown message of pgoutput')
    }
  }

  #readChange(type: number, bytes: Buffer, start: number, end: number, lsnAt: number): void {
    if (!this.isInTransaction) throw damaged('a change outside of a transaction')
    if (end - start < OID_BYTES) throw damaged('a message is cut')
    const view = viewOf(bytes)
    const known = this.#relations.get(view.getUint32(start))
    if (known === undefined) throw damaged('a change of a relation that was not described')
    const { relation, visitor } = known
    if (visitor === null) return
    const change = this.#change
    change.lsnHigh = view.getUint32(lsnAt)
    change.lsnLow = view.getUint32(lsnAt + 4)
    const columns = relation.columns.length
    let at = this.#readOld(type, bytes, start + OID_BYTES, end, columns)
    if (type !== 0x44) {
      if (at >= end || bytes[at] !== NEW) throw damaged('a change without a new row')
      at = change.newTuple.read(bytes, at + 1, end, columns)
    }
    if (at !== end) throw damaged('a message is too long')
    if (type === 0x49) visitor.insert(change)
    else if (type === 0x55) visitor.update(change)
    else visitor.delete(change)
  }

  #readOld(type: number, bytes: Buffer, start: number, end: number, columns: number): number {
    const change = this.#change
    const kind = start < end ? bytes[start]! : 0
    if (type === 0x49 || (kind !== KEY && kind !== OLD)) {
      if (type === 0x44) throw damaged('a DELETE without an old row')
      change.oldKind = 'none'
      return start
    }
    change.oldKind = kind === KEY ? 'key' : 'row'
    return change.oldTuple.read(bytes, start + 1, end, columns)
  }

  #begin(reader: MessageReader): void {
    const commitLsn = reader.uint64()
    const commitMicros = reader.int64()
    const xid = reader.uint32()
    reader.end()
    if (this.isInTransaction) throw damaged('a transaction in a transaction')
    this.isInTransaction = true
    this.#visitor.begin({ xid, commitLsn, commitMicros })
  }

  #commit(reader: MessageReader): boolean {
    reader.uint8() // flags: none is defined
    const commitLsn = reader.uint64()
    const endLsn = reader.uint64()
    const commitMicros = reader.int64()
    reader.end()
    if (!this.isInTransaction) throw damaged('a commit outside of a transaction')
    this.isInTransaction = false
    return this.#visitor.commit({ commitLsn, endLsn, commitMicros })
  }

  #origin(reader: MessageReader): false {
    reader.uint64() // LSN of the commit at the origin
    const name = reader.string()
    reader.end()
    this.#visitor.origin(name)
    return false
  }

  #relation(reader: MessageReader): false {
    const oid = reader.uint32()
    const schema = reader.string() || 'pg_catalog'
    const name = reader.string()
    const identity = String.fromCharCode(reader.uint8())
    if (!isIdentity(identity)) throw damaged('an unknown replica identity')
    const columns: LogColumn[] = []
    for (let left = reader.uint16(); left > 0; left--) columns.push(readColumn(reader))
    reader.end()
    const relation = { oid, schema, name, identity, columns }
    this.#relations.set(oid, { relation, visitor: this.#visitor.relation(relation) })
    return false
  }

  #type(reader: MessageReader): false {
    const oid = reader.uint32()
    const schema = reader.string() || 'pg_catalog'
    const name = reader.string()
    reader.end()
    this.#visitor.type(oid, schema, name)
    return false
  }

  #truncate(reader: MessageReader): false {
    if (!this.isInTransaction) throw damaged('a change outside of a transaction')
    const count = reader.uint32()
    const options = reader.uint8()
    const relations: LogRelation[] = []
    for (let left = count; left > 0; left--) {
      const known = this.#relations.get(reader.uint32())
      if (known === undefined) throw damaged('a change of a relation that was not described')
      relations.push(known.relation)
    }
    reader.end()
    this.#visitor.truncate(relations, {
      cascade: (options & CASCADE) !== 0,
      restartIdentity: (options & RESTART_IDENTITY) !== 0,
    })
    return false
  }

  #logicalMessage(reader: MessageReader): false {
    const isTransactional = (reader.uint8() & TRANSACTIONAL) !== 0
    const lsn = reader.uint64()
    const prefix = reader.string()
    const content = reader.sized()
    reader.end()
    this.#visitor.message({ isTransactional, lsn, prefix, content })
    return false
  }
}

function readColumn(reader: MessageReader): LogColumn {
  const isKey = (reader.uint8() & IS_KEY) !== 0
  const name = reader.string()
  const typeOid = reader.uint32()
  return { name, typeOid, typmod: reader.int32(), isKey }
}

function isIdentity(letter: string): letter is ReplicaIdentity {
  return IDENTITIES.has(letter)
}
