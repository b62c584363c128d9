import type { ServerFacts } from './server-facts.ts'

/**
 * Settings on which the text of values depends, and timeouts that would end a long read. They are
 * the same for COPY and for the log, so that both return the same text. `lc_monetary`, on which the
 * scale of money depends, and `search_path`, on which names in reg* values depend, are those of the
 * session.
 */
export function textSettings({
  major,
}: Pick<ServerFacts, 'major'>): Readonly<Record<string, string>> {
  return {
    DateStyle: 'ISO, YMD',
    IntervalStyle: 'postgres',
    TimeZone: 'UTC',
    extra_float_digits: '3',
    bytea_output: 'hex',
    xmloption: 'content',
    statement_timeout: '0',
    idle_in_transaction_session_timeout: '0',
    // A consumer that pauses keeps the server from sending, which counts as a lost connection
    tcp_user_timeout: '0',
    ...(major >= 17 && { transaction_timeout: '0' }),
  }
}

/**
 * Formats settings as the `options` of a start-up message, where a backslash escapes the following
 * character. They override those of the role and of the database.
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS
 */
export function startupOptions(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\s\\]/g, '\\$&')}`)
    .join(' ')
}
