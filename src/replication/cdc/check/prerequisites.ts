import type { CdcConfig, Config } from '../../../config/config.ts'
import { ConnectorError } from '../../../errors.ts'
import type { PublicationFacts } from '../../../introspection/replication/publication.ts'
import {
  createPublication,
  createSlot,
  dropSlot,
} from '../../../introspection/replication/setup-script.ts'
import type { LogFacts } from '../../../introspection/replication/slot.ts'
import type { Relation } from '../../../introspection/relation.ts'
import type { ServerFacts } from '../../../postgres/connection/server-facts.ts'
import { ident } from '../../../sql.ts'
import { slotProblem } from '../start-cases.ts'

/** First major version whose standbys can decode their log. */
const MAJOR_WITH_STANDBY_DECODING = 16
/** Minimum number of connections besides the replication connection. */
const MIN_CONNECTIONS = 2

/** Facts about the server, the slot and the publication of a config. */
export interface CdcFacts {
  readonly config: Config
  readonly cdc: CdcConfig
  readonly server: ServerFacts
  readonly log: LogFacts
  /** Null: it does not exist. */
  readonly publication: PublicationFacts | null
  /** Relations in the config's scope, each with its coverage. */
  readonly relations: readonly Relation[]
  /** Whether the relations are those of the selected streams. */
  readonly isForSync: boolean
}

/**
 * Finds everything that prevents a config from reading the log: one sentence each, with the
 * statement that fixes it.
 */
export function findProblems(facts: CdcFacts): readonly ConnectorError[] {
  const problems = [
    poolerProblem,
    poolProblem,
    walLevelProblem,
    standbyProblem,
    setupProblem,
    coverageProblem,
  ]
  return problems
    .map((problem) => problem(facts))
    .filter((text) => text !== null)
    .map((text) => new ConnectorError('config_error', text))
}

function poolerProblem({ server, config }: CdcFacts): string | null {
  if (!server.isPooled) return null
  return `"${config.host}", port ${config.port}, is a pooler, and CDC needs a direct connection. Set host and port to those of the server.`
}

function poolProblem({ config: { maxConnections } }: CdcFacts): string | null {
  if (maxConnections >= MIN_CONNECTIONS) return null
  return `max_connections of the config is ${maxConnections}, and CDC needs ${MIN_CONNECTIONS}: one holds the snapshot while another reads. Set max_connections to ${MIN_CONNECTIONS} or more.`
}

function walLevelProblem({ log }: CdcFacts): string | null {
  if (log.walLevel === 'logical') return null
  return (
    `wal_level is ${log.walLevel}, and CDC needs logical. Run: ALTER SYSTEM SET wal_level = 'logical'; and restart the server. ` +
    'On RDS and Aurora set rds.logical_replication to 1 in the parameter group, on Cloud SQL the flag cloudsql.logical_decoding to on.'
  )
}

function standbyProblem({ log, server }: CdcFacts): string | null {
  if (!log.isStandby || server.major >= MAJOR_WITH_STANDBY_DECODING) return null
  return `The server is a standby, and PostgreSQL ${server.major} cannot decode the log of a standby. Set host to the primary.`
}

/**
 * If the slot or the publication is missing, returns the whole script: a slot must be created after
 * its publication.
 */
function setupProblem(facts: CdcFacts): string | null {
  const { cdc, server, log, publication, relations } = facts
  const { slot: slotName } = cdc
  if (standbyProblem(facts) !== null) return null
  if (publication !== null) {
    return slotProblem({ slotName, major: server.major, facts: log, publicationOid: 0 })
  }
  const create = createPublication(cdc.publication, server.major, relations)
  const slot = createSlot(slotName, { major: server.major, isStandby: log.isStandby })
  if (log.slot === null) {
    return `Publication ${ident(cdc.publication)} and replication slot "${slotName}" do not exist. Run: ${create} ${slot}`
  }
  const why = 'The slot must be younger than the publication'
  return `Publication ${ident(cdc.publication)} does not exist. ${why}. Run: ${dropSlot(slotName)} ${create} ${slot}`
}

/** For selected streams, the problem is reported for each stream instead. */
function coverageProblem({ cdc, publication, relations, isForSync }: CdcFacts): string | null {
  if (publication === null || relations.length === 0 || isForSync) return null
  if (relations.some(({ log }) => log?.refusal === null)) return null
  const [first] = relations
  return `No table can be read incrementally through publication ${ident(cdc.publication)}. Stream '${first?.schema}.${first?.name}': ${first?.log?.refusal}`
}
