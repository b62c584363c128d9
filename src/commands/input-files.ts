import { parseConfiguredCatalog } from '../catalog/configured-catalog.ts'
import { readJsonFile } from '../config/read-json-file.ts'
import { ConnectorError } from '../errors.ts'
import type { ConfiguredStream } from '../protocol/messages.ts'
import { readShard } from '../replication/snapshot/read-shard.ts'
import { parseShard, type Shard } from '../replication/snapshot/shards.ts'
import type { InputStates } from '../state/input-states.ts'
import { parseStates } from '../state/parse-states.ts'
import { readSavedStates, readStateFile } from '../state/read-state-file.ts'

/** Reads the streams in the file of `--catalog`. */
export async function readCatalog(path: string): Promise<readonly ConfiguredStream[]> {
  const raw = await readJsonFile(path, 'catalog')
  return nameSource(`--catalog ${path}`, () => parseConfiguredCatalog(raw))
}

/** Reads the file of `--state`. */
export async function readStates(path: string): Promise<InputStates> {
  const raw = await readStateFile(path, 'state')
  return nameSource(`--state ${path}`, () => parseStates(raw))
}

/** Reads the file of `--state-out`; null: it does not exist. */
export async function readStatesToKeep(path: string): Promise<InputStates | null> {
  const raw = await readSavedStates(path)
  return raw === null ? null : nameSource(`--state-out ${path}`, () => parseStates(raw))
}

/** Reads the shard of `--shard`: JSON, or the path of a file with one shard per line. */
export async function readGivenShard(given: string, index: number | null): Promise<Shard> {
  const raw = await readShard(given, index)
  const source = given.trimStart().startsWith('{') ? '--shard' : `--shard ${given}`
  return nameSource(source, () => parseShard(raw))
}

/** Adds the option and the path to the message of an error. */
function nameSource<Content>(source: string, parse: () => Content): Content {
  try {
    return parse()
  } catch (error) {
    const { failureType, message } = ConnectorError.from(error)
    throw new ConnectorError(failureType, `${source}: ${message}`, { cause: error })
  }
}
