import { connector } from './connector.ts'
import { duckdb } from './duckdb.ts'
import { adbc, connectorx } from './arrow-drivers.ts'
import { jdbc } from './jdbc.ts'
import { dlt, ingestr, sling } from './loaders.ts'
import type { Peer } from './peer.ts'
import { pgCursor, psql } from './plain.ts'
import { meltano, pipelineWise } from './singer.ts'

/** The connector first, then the other programs. Tables and chart have the same order. */
export const PEERS: readonly Peer[] = [
  connector('JSON lines', 'null'),
  connector('JSON lines', 'cat'),
  connector('Arrow file', 'null'),
  psql,
  duckdb('Arrow file'),
  duckdb('JSON lines'),
  adbc,
  connectorx,
  jdbc,
  pgCursor,
  sling,
  ingestr,
  pipelineWise,
  meltano,
  dlt,
]
