import { isIP, isIPv6 } from 'node:net'

/** Names of the parameters that belong to a host. */
interface HostParameters {
  readonly host: string
  readonly port: string
  /** Other parts of a URL. */
  readonly others: string
}

/** Trims `text` and removes the brackets of an IPv6 address. */
export function normalizeHost(text: string): string {
  const host = text.trim()
  const [, address = ''] = /^\[(.*)\]$/.exec(host) ?? []
  return isIPv6(address) ? address : host
}

/**
 * Describes the problem of a host without its value, which may be a URL with a password; null: no
 * problem.
 */
export function hostProblem(text: string, { host, port, others }: HostParameters): string | null {
  const name = normalizeHost(text)
  if (isIP(name) !== 0) return null
  const rule = `Parameter '${host}' must be a host name or an IP address`
  if (name.includes('://')) {
    return `${rule}, not a URL. Set ${others} as separate parameters.`
  }
  if (/^[/@]/.test(name)) {
    return `${rule}: Unix-domain sockets are not supported. Set it to an address on which the server accepts TCP connections.`
  }
  if (name.includes(',')) return `${rule}: only one is supported.`
  if (/^(\[.*\]|[^:]*):\d*$/.test(name)) return `${rule}, without the port. Set '${port}'.`
  return name === '' || /[\s:/@[\]?#\\]/.test(name) ? `${rule}.` : null
}
