/**
 * Builds the tuple of a binary COPY: the number of fields, then the length and bytes of each. Null
 * is the length -1.
 */
export function tuple(...fields: readonly (Buffer | string | null)[]): Buffer {
  const parts = fields.map((field) =>
    field === null
      ? int(4, -1)
      : Buffer.concat([int(4, Buffer.byteLength(field)), Buffer.from(field)]),
  )
  return Buffer.concat([int(2, fields.length), ...parts])
}

/** Builds a protocol message: the type's letter, the length of itself and `body`, then `body`. */
export function message(type: string, body: Buffer | string = ''): Buffer {
  return Buffer.concat([Buffer.from(type), int(4, 4 + Buffer.byteLength(body)), Buffer.from(body)])
}

/** Big-endian bytes of an integer. */
export function int(bytes: 2 | 4 | 8, value: bigint | number): Buffer {
  const field = Buffer.alloc(8)
  field.writeBigInt64BE(BigInt.asIntN(64, BigInt(value)))
  return field.subarray(8 - bytes)
}

/** Big-endian bytes of a float8. */
export function double(value: number): Buffer {
  const field = Buffer.alloc(8)
  field.writeDoubleBE(value)
  return field
}
