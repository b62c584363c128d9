import { COLON } from '../../bytes/ascii.ts'
import { expectBytes } from '../numbers.ts'
import { BinaryReader, damaged, type Printer } from './printer.ts'

/** Numbers of the address families in the server. */
const IPV4 = 2
const IPV6 = 3
const IPV4_BYTES = 4
const IPV6_BYTES = 16
/** Number of the 16-bit words of an IPv6 address before an embedded IPv4 address. */
const WORDS_BEFORE_IPV4 = 6
const WORDS = 8
const MAPPED = 0xffff
const HEX_DIGITS = Buffer.from('0123456789abcdef')

/**
 * inet, cidr: family, bits of the netmask, whether it is a cidr, number of bytes, address. An inet
 * is printed without the netmask if it is a single host.
 */
export const printInet: Printer = (out, bytes, start, end) => {
  const reader = new BinaryReader(bytes, start, end)
  const family = reader.uint8()
  const bits = reader.uint8()
  const isCidr = reader.uint8() !== 0
  const count = reader.uint8()
  const at = reader.skip(count)
  reader.finish()
  const expected = family === IPV4 ? IPV4_BYTES : IPV6_BYTES
  if ((family !== IPV4 && family !== IPV6) || count !== expected) throw damaged()
  out.latin1(family === IPV4 ? ipv4Text(bytes, at) : ipv6Text(bytes, at))
  if (isCidr || bits !== count * 8) out.latin1(`/${bits}`)
}

/** macaddr, macaddr8: `08:00:2b:01:02:03`. */
export function macPrinter(length: number): Printer {
  return (out, bytes, start, end) => {
    expectBytes(end - start, length)
    out.reserve(3 * length)
    for (let at = start; at < end; at++) {
      if (at > start) out.bytes[out.length++] = COLON
      out.bytes[out.length++] = HEX_DIGITS[bytes[at]! >> 4]!
      out.bytes[out.length++] = HEX_DIGITS[bytes[at]! & 15]!
    }
  }
}

function ipv4Text(bytes: Buffer, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`
}

/**
 * Text of an IPv6 address. The first of the longest runs of zero words is `::`; an IPv4 address at
 * the end of a mapped or compatible address is decimal.
 */
function ipv6Text(bytes: Buffer, at: number): string {
  const words = Array.from({ length: WORDS }, (_, index) => bytes.readUInt16BE(at + 2 * index))
  const { from, length } = longestZeros(words)
  const isMapped = length === WORDS_BEFORE_IPV4 - 1 && words[length] === MAPPED
  const holdsIpv4 = from === 0 && (length === WORDS_BEFORE_IPV4 || isMapped)
  const texts = words.map((word) => word.toString(16))
  if (holdsIpv4) {
    texts.splice(WORDS_BEFORE_IPV4, 2, ipv4Text(bytes, at + IPV6_BYTES - IPV4_BYTES))
  }
  if (length === 0) return texts.join(':')
  return `${texts.slice(0, from).join(':')}::${texts.slice(from + length).join(':')}`
}

/** Finds the first of the longest runs of zero words, of at least two. */
function longestZeros(words: readonly number[]): { from: number; length: number } {
  let best = { from: 0, length: 0 }
  for (let from = 0; from < words.length; from++) {
    let end = from
    while (words[end] === 0) end++
    if (end - from > Math.max(best.length, 1)) best = { from, length: end - from }
  }
  return best
}
