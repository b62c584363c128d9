/** An unchanged TOASTed value. */
export const UNCHANGED = Symbol('unchanged')
/** A value of a tuple: the text form, the binary form, NULL, or not sent. */
export type TupleValue = string | Buffer | null | typeof UNCHANGED

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}

export function zeroTerminated(text: string): Buffer {
  return Buffer.from(`${text}\0`)
}

/** Builds a message of the server: type, length and body. */
export function message(type: string, ...body: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(body)
  return Buffer.concat([Buffer.from(type), uint32(4 + bytes.length), bytes])
}

/** Builds TupleData of pgoutput. */
export function tupleData(...values: readonly TupleValue[]): Buffer {
  const columns = values.flatMap((value) => {
    if (value === null) return [Buffer.from('n')]
    if (value === UNCHANGED) return [Buffer.from('u')]
    const isText = typeof value === 'string'
    const bytes = isText ? Buffer.from(value) : value
    return [Buffer.from(isText ? 't' : 'b'), uint32(bytes.length), bytes]
  })
  return Buffer.concat([uint16(values.length), ...columns])
}

/** Builds CopyData with an XLogData frame. */
export function xlogData(lsn: bigint, ...payload: readonly Buffer[]): Buffer {
  return message('d', Buffer.from('w'), uint64(lsn), uint64(lsn), uint64(0n), ...payload)
}

/** Builds CopyData with a keepalive. */
export function keepalive(walEnd: bigint, isReplyRequested = false): Buffer {
  const reply = Buffer.from([isReplyRequested ? 1 : 0])
  return message('d', Buffer.from('k'), uint64(walEnd), uint64(0n), reply)
}

/** Messages of pgoutput. */
export function begin(commitLsn: bigint, micros: bigint, xid: number): Buffer {
  return Buffer.concat([Buffer.from('B'), uint64(commitLsn), uint64(micros), uint32(xid)])
}

export function commit(commitLsn: bigint, endLsn: bigint, micros: bigint): Buffer {
  const positions = [uint64(commitLsn), uint64(endLsn), uint64(micros)]
  return Buffer.concat([Buffer.from('C\0'), ...positions])
}

export interface ColumnBytes {
  readonly name: string
  readonly oid: number
  readonly typmod?: number
  readonly isKey?: boolean
}

export function relation(
  {
    oid,
    schema,
    name,
    identity = 'd',
  }: Readonly<Record<'schema' | 'name', string>> & {
    readonly oid: number
    readonly identity?: string
  },
  columns: readonly ColumnBytes[],
): Buffer {
  const described = columns.flatMap((column) => [
    Buffer.from([column.isKey === true ? 1 : 0]),
    zeroTerminated(column.name),
    uint32(column.oid),
    uint32((column.typmod ?? -1) >>> 0),
  ])
  const names = [zeroTerminated(schema), zeroTerminated(name)]
  const head = [Buffer.from('R'), uint32(oid), ...names, Buffer.from(identity)]
  return Buffer.concat([...head, uint16(columns.length), ...described])
}

export function insert(oid: number, row: Buffer): Buffer {
  return Buffer.concat([Buffer.from('I'), uint32(oid), Buffer.from('N'), row])
}

/** @param old the kind of the old tuple, `K` or `O`, and the tuple. */
export function update(oid: number, row: Buffer, old?: readonly [string, Buffer]): Buffer {
  const before = old === undefined ? [] : [Buffer.from(old[0]), old[1]]
  return Buffer.concat([Buffer.from('U'), uint32(oid), ...before, Buffer.from('N'), row])
}

export function remove(oid: number, [kind, row]: readonly [string, Buffer]): Buffer {
  return Buffer.concat([Buffer.from('D'), uint32(oid), Buffer.from(kind), row])
}
