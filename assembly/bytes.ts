/** Big-endian words, as PostgreSQL sends them. */
export function uint16(at: usize): u32 {
  return bswap<u16>(load<u16>(at))
}

export function uint32(at: usize): u32 {
  return bswap<u32>(load<u32>(at))
}

export function uint64(at: usize): u64 {
  return bswap<u64>(load<u64>(at))
}
