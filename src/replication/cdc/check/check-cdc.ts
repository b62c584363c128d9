import type { CdcConfig, Config } from '../../../config/config.ts'
import { ConnectorError } from '../../../errors.ts'
import { readMembers } from '../../../introspection/replication/members.ts'
import { readPublicationRules } from '../../../introspection/replication/publication-rules.ts'
import {
  readPublication,
  readPublicationFacts,
} from '../../../introspection/replication/publication.ts'
import { readSecuredRelations } from '../../../introspection/replication/row-security.ts'
import { readLogFacts } from '../../../introspection/replication/slot.ts'
import type { Relation } from '../../../introspection/relation.ts'
import { readCatalogs } from '../../../postgres/session/read-catalogs.ts'
import type { Database } from '../../../postgres/session/database.ts'
import { findHeartbeatProblem } from './heartbeat-query.ts'
import { type CdcFacts, findProblems } from './prerequisites.ts'
import { findYoungPublication } from './publication-age.ts'
import { findWarnings, type PublishedTables, securityWarnings } from './warnings.ts'

const NO_TABLES: PublishedTables = { members: new Map(), rules: new Map() }

/** Result of checking a config. */
export interface MethodReport {
  /** Problems that prevent syncs. */
  readonly problems: readonly ConnectorError[]
  /** Problems that will prevent syncs, or that affect other clients. */
  readonly warnings: readonly string[]
}

/** Checks everything that reading the log needs. */
export async function checkCdc(
  database: Database,
  { config, cdc }: { config: Config; cdc: CdcConfig },
  { relations, isForSync }: { relations: readonly Relation[]; isForSync: boolean },
): Promise<MethodReport> {
  const logged = relations.filter(({ log }) => log?.refusal === null).map(({ oid }) => oid)
  const { log, publication, tables, secured } = await readCatalogs(database, async (session) => {
    const facts = {
      log: await readLogFacts(session, cdc.slot),
      secured: await readSecuredRelations(session, logged),
    }
    // There may be very many tables; those that a sync does not read are only checked by `check`
    if (isForSync) {
      const published = await readPublicationFacts(session, cdc.publication)
      return { ...facts, publication: published, tables: NO_TABLES }
    }
    const published = await readPublication(session, cdc.publication)
    const members = await readMembers(session, [...(published?.tables.keys() ?? [])])
    const rules = await readPublicationRules(session, cdc.publication)
    return { ...facts, publication: published, tables: { members, rules } }
  })
  const { server } = database
  const facts: CdcFacts = { config, cdc, server, log, publication, relations, isForSync }
  const problems = [...findProblems(facts), ...(await findSenderProblems(database))]
  const young =
    isForSync || problems.length > 0 ? null : await findYoungPublication(database, facts)
  // A sync runs the query, and logs how it failed
  const heartbeat = isForSync
    ? null
    : await findHeartbeatProblem(database, cdc.heartbeatActionQuery)
  const warnings = [...findWarnings(facts, tables), ...securityWarnings(facts, secured)]
  return { problems, warnings: [...warnings, young, heartbeat].filter((text) => text !== null) }
}

/**
 * Only opening a replication connection shows whether the log may be read, because providers use
 * different roles for it.
 */
async function findSenderProblems(database: Database): Promise<readonly ConnectorError[]> {
  if (database.server.isPooled) return []
  try {
    const sender = await database.openWalSender()
    await sender[Symbol.asyncDispose]()
    return []
  } catch (error) {
    const problem = ConnectorError.from(error)
    if (problem.failureType !== 'config_error') throw problem
    return [problem]
  }
}
