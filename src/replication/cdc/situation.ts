import { ConnectorError, errorCode } from '../../errors.ts'
import { readPublicationFacts } from '../../introspection/replication/publication.ts'
import { type LogFacts, readLogFacts } from '../../introspection/replication/slot.ts'
import type { Database } from '../../postgres/session/database.ts'
import { readCatalogs } from '../../postgres/session/read-catalogs.ts'
import type { TimelineEnds } from '../../postgres/walsender/timeline-history.ts'
import type { PrepareContext } from '../feed.ts'
import { cdcConfigOf } from './cdc-config.ts'
import type { Situation } from './start-cases.ts'
import type { Offset } from './state/offset.ts'

/** SQLSTATE for a file that does not exist on the server. */
const UNDEFINED_FILE = '58P01'

/**
 * Reads the facts that decide where a sync starts.
 * @param others further offsets that are judged in the same situation.
 */
export async function readSituation(
  { config, database }: Pick<PrepareContext, 'config' | 'database'>,
  offset: Offset | null,
  others: readonly (Offset | null)[] = [],
): Promise<Situation> {
  const cdc = cdcConfigOf(config)
  const { facts, publication } = await readCatalogs(database, async (session) => ({
    facts: await readLogFacts(session, cdc.slot),
    publication: await readPublicationFacts(session, cdc.publication),
  }))
  if (publication === null) throw noPublication(cdc.publication)
  const hasMoved = [offset, ...others].some((each) => isElsewhere(facts, each))
  return {
    slotName: cdc.slot,
    major: database.server.major,
    facts,
    timelines: hasMoved ? await readTimelines(database, facts) : null,
    publicationOid: publication.oid,
    offset,
    onInvalidPosition: cdc.onInvalidPosition,
  }
}

function isElsewhere({ timeline }: LogFacts, offset: Offset | null): boolean {
  const given = offset?.timeline ?? null
  return given !== null && timeline !== null && given !== timeline
}

/** Null: the server no longer has the history of its timeline. */
async function readTimelines(
  database: Database,
  { timeline }: LogFacts,
): Promise<TimelineEnds | null> {
  if (timeline === null) return null
  if (timeline === 1) return new Map()
  await using sender = await database.openWalSender()
  try {
    return await sender.readTimelines(timeline)
  } catch (error) {
    if (errorCode(error) !== UNDEFINED_FILE) throw error
    return null
  }
}

function noPublication(name: string): ConnectorError {
  const message = `Publication "${name}" does not exist. Run check for the statements that create it.`
  return new ConnectorError('config_error', message)
}
