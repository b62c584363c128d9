import { createHash } from 'node:crypto'
import type { StreamDescriptor } from '../../protocol/messages.ts'

/**
 * Matches characters other than letters, digits, `_` and `-`. Dots separate the parts of a file
 * name.
 */
const UNSAFE = /[^\p{L}\p{M}\p{N}_-]/gu
/** Maximum length of a base name: file systems allow 255 bytes, including the suffixes. */
const MAX_NAME_BYTES = 200
const HASH_DIGITS = 16
/**
 * Suffix of a part that is being written, before a STATE was emitted for its rows. It can be
 * removed after its read has ended.
 */
export const TEMPORARY = '.tmp'
/** Suffix of a part that is being written. Its rows up to the last STATE must be kept. */
export const PARTIAL = '.partial'
/** Part of the names of work directories. No file of a stream contains it. */
const WORK = '.tmp.parts-'

/**
 * Encodes `namespace.stream` as a file name: unsafe characters are percent-encoded; long names are
 * cut and end in a hash.
 */
export function safeName({ namespace, name }: StreamDescriptor): string {
  const pieces = [namespace, name].flatMap((piece) => (piece === undefined ? [] : encode(piece)))
  const safe = pieces.join('.')
  if (Buffer.byteLength(safe) <= MAX_NAME_BYTES) return safe
  const hash = createHash('sha256').update(safe).digest('hex').slice(0, HASH_DIGITS)
  return `${Buffer.from(safe)
    .toString('utf8', 0, MAX_NAME_BYTES - HASH_DIGITS - 4)
    .replace(/[%\uFFFD].{0,2}$/u, '')}-${hash}`
}

/** `base.arrow`, `base.2.arrow`, … */
export function partName(base: string, part: number): string {
  return part === 1 ? `${base}.arrow` : `${base}.${part}.arrow`
}

/** Number of a part from its file name; null: it is not a part of `base`. */
export function partOf(base: string, file: string): number | null {
  if (file === partName(base, 1)) return 1
  if (!file.startsWith(`${base}.`)) return null
  const [, digits] = /^([1-9]\d{0,8})\.arrow$/.exec(file.slice(base.length + 1)) ?? []
  return digits === undefined || digits === '1' ? null : Number(digits)
}

/**
 * Prefix of the name of a directory in which other processes write parts; six letters and digits
 * follow.
 */
export function workPrefix(base: string): string {
  return `${base}${WORK}`
}

/** Whether a name is that of such a directory. */
export function isWorkName(base: string, name: string): boolean {
  return (
    name.startsWith(workPrefix(base)) &&
    /^[A-Za-z0-9]{6}$/.test(name.slice(workPrefix(base).length))
  )
}

function encode(piece: string): string {
  return piece.replace(UNSAFE, (character) =>
    Array.from(
      Buffer.from(character),
      (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    ).join(''),
  )
}
