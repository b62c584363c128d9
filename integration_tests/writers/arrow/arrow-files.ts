import { type Table, tableFromIPC } from 'apache-arrow'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Connector } from '../../helpers/connector.ts'

/** Sorted names in a directory; empty if it does not exist. */
export async function listFiles(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(() => [])).toSorted((a, b) => (a < b ? -1 : 1))
}

/** Reads a file with apache-arrow. */
export async function readArrow(path: string): Promise<Table> {
  return tableFromIPC(await readFile(path))
}

/** Reads the finished parts of a stream, in the order of their numbers. */
export async function readParts(directory: string, base: string): Promise<Table[]> {
  const names = (await listFiles(directory)).filter(
    (name) => name.startsWith(`${base}.`) && name.endsWith('.arrow'),
  )
  return await Promise.all(names.map((name) => readArrow(join(directory, name))))
}

/**
 * Arguments of `read --format arrow --output …` for a connector; the output is in its directory.
 */
export function arrowArgs(
  { configFile, directory }: Pick<Connector, 'configFile' | 'directory'>,
  output: string,
): string[] {
  const format = ['--format', 'arrow', '--output', join(directory, output)]
  return ['read', '--config', configFile, ...format]
}
