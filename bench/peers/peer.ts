import type { ConnectionConfig } from '../../integration_tests/helpers/server.ts'
import type { Destination } from '../measure.ts'
import type { BenchTable } from '../tables.ts'

/** Format of the output. */
export type Output = 'Arrow file' | 'COPY data' | 'JSON lines'

export const CONNECTOR = 'source-postgres'

/** A table to read. */
export interface Job {
  readonly connection: ConnectionConfig
  readonly table: BenchTable
  /** Directory for configs, catalogs and temporary files of a program. */
  readonly scratch: string
  /** Directory for files of rows. Programs that write rows to stdout leave it empty. */
  readonly output: string
}

/** A command line: the program and its arguments. */
export type Command = readonly string[]

/** A program that was found or installed on this machine. */
export interface Installed {
  readonly version: string
  /** Returns the command that reads a table, after writing the files that it needs. */
  command(job: Job): Promise<Command>
}

/** A program without results; the message is the reason. */
export class Unavailable extends Error {}

/** A program that reads a table. */
export interface Peer {
  readonly name: string
  readonly output: Output
  /** Destination of stdout while it is measured. */
  readonly destination: Destination
  /** Whether it reads only the mixed table, with a tenth of its rows. */
  readonly isSlow?: boolean
  /** @throws Unavailable if the program cannot be installed on this machine. */
  install(): Promise<Installed>
}

/** A connection URI of libpq, which most programs support. */
export function connectionUri({ host, port, user, password, database }: ConnectionConfig): string {
  return `postgresql://${user}:${password}@${host}:${port}/${database}`
}
