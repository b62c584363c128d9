import type { ConnectionConfig } from '../../integration_tests/helpers/server.ts'
import type { Destination } from '../measure.ts'
import type { BenchTable } from '../tables.ts'

/** The form in which rows come out. */
export type Output = 'Arrow file' | 'COPY data' | 'JSON lines'

export const CONNECTOR = 'source-postgres'

/** One table to be read. */
export interface Job {
  readonly connection: ConnectionConfig
  readonly table: BenchTable
  /** For configs, catalogs and what a program leaves behind. */
  readonly scratch: string
  /** A directory for files of rows. Programs that write rows to stdout leave it empty. */
  readonly output: string
}

/** A command line: the program and its arguments. */
export type Command = readonly string[]

/** A program as it was found or installed on this machine. */
export interface Installed {
  readonly version: string
  /** The command that reads a table; files it needs are written beforehand. */
  command(job: Job): Promise<Command>
}

/** A program has no row in the results; the message says why. */
export class Unavailable extends Error {}

/** A program that reads a table. */
export interface Peer {
  readonly name: string
  readonly output: Output
  /** Where stdout goes while it is measured. */
  readonly destination: Destination
  /** Reads only the mixed table, and a tenth of its rows. */
  readonly isSlow?: boolean
  /** @throws Unavailable if this machine cannot have the program. */
  install(): Promise<Installed>
}

/** A connection URI of libpq, which most programs understand. */
export function connectionUri({ host, port, user, password, database }: ConnectionConfig): string {
  return `postgresql://${user}:${password}@${host}:${port}/${database}`
}
