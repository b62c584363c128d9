import type { LogTuple } from '../wire/log-tuple.ts'
import { BINARY_KIND, NULL_KIND, TEXT_KIND } from '../wire/log-tuple.ts'
import type { ChangeVisitor, LogChange, LogRelation } from '../wire/pgoutput.ts'
import type { ReplicationVisitor } from '../wire/replication-stream.ts'

/** Records every call as a line of text. */
export class RecordedLog implements ReplicationVisitor {
  readonly lines: string[] = []
  /** Whether reading stops at commits and keepalives. */
  stops = false
  /** Names of relations whose changes are skipped. */
  readonly skipped = new Set<string>()

  begin({ xid, commitLsn, commitMicros }: Parameters<ReplicationVisitor['begin']>[0]): void {
    this.lines.push(`BEGIN ${xid} ${commitLsn} ${commitMicros}`)
  }

  commit({
    commitLsn,
    endLsn,
    commitMicros,
  }: Parameters<ReplicationVisitor['commit']>[0]): boolean {
    this.lines.push(`COMMIT ${commitLsn} ${endLsn} ${commitMicros}`)
    return this.stops
  }

  origin(name: string): void {
    this.lines.push(`ORIGIN ${name}`)
  }

  relation(relation: LogRelation): ChangeVisitor | null {
    const { oid, schema, name, identity, columns } = relation
    const list = columns.map((each) => {
      return `${each.isKey ? '*' : ''}${each.name}:${each.typeOid}:${each.typmod}`
    })
    this.lines.push(`RELATION ${oid} ${schema}.${name} ${identity} (${list.join(', ')})`)
    return this.skipped.has(name) ? null : this.#changesOf(name)
  }

  type(oid: number, schema: string, name: string): void {
    this.lines.push(`TYPE ${oid} ${schema}.${name}`)
  }

  truncate(
    relations: readonly LogRelation[],
    options: { cascade: boolean; restartIdentity: boolean },
  ): void {
    const names = relations.map(({ name }) => name).join(', ')
    this.lines.push(`TRUNCATE ${names} ${options.cascade} ${options.restartIdentity}`)
  }

  message({
    isTransactional,
    lsn,
    prefix,
    content,
  }: Parameters<ReplicationVisitor['message']>[0]): void {
    this.lines.push(`MESSAGE ${isTransactional} ${lsn} ${prefix} ${content.toString('hex')}`)
  }

  keepalive(walEnd: bigint, isReplyRequested: boolean): boolean {
    this.lines.push(`KEEPALIVE ${walEnd} ${isReplyRequested}`)
    return this.stops
  }

  #changesOf(name: string): ChangeVisitor {
    const write = (what: string, change: LogChange, tuples: readonly (string | null)[]): void => {
      const lsn = (BigInt(change.lsnHigh) << 32n) + BigInt(change.lsnLow)
      this.lines.push(
        [what, name, String(lsn), ...tuples.filter((each) => each !== null)].join(' '),
      )
    }
    return {
      insert: (change) => write('INSERT', change, [textOf(change.newTuple)]),
      update: (change) => write('UPDATE', change, [oldOf(change), textOf(change.newTuple)]),
      delete: (change) => write('DELETE', change, [oldOf(change)]),
    }
  }
}

function oldOf(change: LogChange): string | null {
  return change.oldKind === 'none' ? null : `${change.oldKind}=${textOf(change.oldTuple)}`
}

/** Text values unchanged, binary ones in hex. */
export function textOf(tuple: LogTuple): string {
  const values = Array.from(tuple.kinds.subarray(0, tuple.count), (kind, index) => {
    const value = tuple.bytes.subarray(tuple.starts[index], tuple.ends[index])
    if (kind === NULL_KIND) return 'NULL'
    if (kind === TEXT_KIND) return `'${value.toString()}'`
    return kind === BINARY_KIND ? `0x${value.toString('hex')}` : 'unchanged'
  })
  return `(${values.join(',')})`
}
