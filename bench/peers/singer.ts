import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pythonPeer, run } from './environment.ts'
import type { Peer } from './peer.ts'

/** A catalog as written by a tap's discovery. */
interface SingerCatalog {
  readonly streams: readonly {
    readonly tap_stream_id: string
    readonly metadata: readonly {
      readonly breadcrumb: readonly string[]
      metadata: Record<string, unknown>
    }[]
  }[]
}

export const meltano = tap('Meltano tap', {
  requirement: 'meltanolabs-tap-postgres==0.10.0',
  databaseKey: 'database',
  schemas: ['public'],
  catalogOption: '--catalog',
})

/** Newer versions require an older Python. */
export const pipelineWise = tap('PipelineWise tap', {
  requirement: 'pipelinewise-tap-postgres==1.8.4',
  databaseKey: 'dbname',
  schemas: 'public',
  catalogOption: '--properties',
})

/** A Singer tap: messages in Singer's envelope on stdout. Discovery is not measured. */
function tap(
  name: string,
  {
    requirement,
    databaseKey,
    schemas,
    catalogOption,
  }: {
    requirement: string
    databaseKey: string
    schemas: string | readonly string[]
    catalogOption: string
  },
): Peer {
  const what = { name, output: 'JSON lines', requirements: [requirement], isSlow: true } as const
  return pythonPeer(what, async (bin, { connection: { database, ...rest }, table, scratch }) => {
    const [config, catalog] = [join(scratch, 'config.json'), join(scratch, 'catalog.json')]
    const settings = { ...rest, [databaseKey]: database, filter_schemas: schemas }
    await writeFile(config, JSON.stringify(settings))
    const command = [join(bin, 'tap-postgres'), '--config', config]
    const discovered = await run(command[0] ?? '', [...command.slice(1), '--discover'])
    await writeFile(catalog, JSON.stringify(selectStream(JSON.parse(discovered), table.name)))
    return [...command, catalogOption, catalog]
  })
}

/** Returns the catalog with one selected stream, in a full refresh. */
function selectStream({ streams }: SingerCatalog, table: string): SingerCatalog {
  const selected = streams.filter(({ tap_stream_id: id }) => id === `public-${table}`)
  for (const entry of selected.flatMap(({ metadata }) => metadata)) {
    const isStream = entry.breadcrumb.length === 0
    Object.assign(entry.metadata, { selected: true })
    if (isStream) Object.assign(entry.metadata, { 'replication-method': 'FULL_TABLE' })
  }
  return { streams: selected }
}
