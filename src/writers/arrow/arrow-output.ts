import { mkdir, mkdtemp, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorCode } from '../../errors.ts'
import { unwritable } from '../../protocol/unwritable.ts'
import type { ArrowOptions } from './arrow-fields.ts'
import type { StreamPlan } from '../../replication/stream-plan.ts'
import { ident } from '../../sql.ts'

/** `--format arrow`, with its options. */
export interface ArrowOutput extends ArrowOptions {
  /** Null: an IPC stream to the run's `data`. */
  readonly directory: string | null
}

/** Requests binary forms for Arrow, also for types that records read as text, such as float4. */
export function toArrowPlan(plan: StreamPlan): StreamPlan {
  const columns = plan.columns.map((column) =>
    column.type.arrow.default !== 'utf8' && column.type.writeBinary === undefined
      ? { ...column, select: ident(column.name) }
      : column,
  )
  return { ...plan, columns }
}

/**
 * Creates the directory of `--output`, so that one in which no file can be created is noticed
 * before a row is read.
 * @throws ConnectorError
 */
export async function prepareOutput({ directory }: ArrowOutput): Promise<void> {
  if (directory === null) return
  try {
    await makeDirectory(directory)
    await rmdir(await mkdtemp(join(directory, '.write-test-')))
  } catch (error) {
    throw unwritableOutput(directory, error)
  }
}

/**
 * Creates a directory and those above it. The recursive `mkdir` of Node.js reports a read-only file
 * system as ENOENT, and does not end where `mkdir` reports ENOENT in an existing directory (/proc).
 */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    await makeDirectory(dirname(path))
    await mkdir(path)
  }
}

/** An error of the file system as a ConnectorError; any other error unchanged. */
export function unwritableOutput(path: string, error: unknown): unknown {
  return unwritable(`Arrow output cannot be written to ${path}`, error)
}
