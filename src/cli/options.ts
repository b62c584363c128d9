/** An option of a command. */
export interface Option {
  /** Name of its value in the help; absent: it has none. */
  readonly value?: string
  readonly describe: string
  readonly isRequired?: boolean
  readonly isRepeatable?: boolean
  readonly choices?: readonly string[]
}

/** A command and its options, by name. */
export interface Command {
  readonly describe: string
  readonly options: Readonly<Record<string, Option>>
}

const CONFIG = {
  config: { value: 'FILE', isRequired: true, describe: 'Config, a JSON file (required)' },
  'expand-env': { describe: 'Replace ${NAME} in the config with the environment variable NAME' },
} as const

const ARROW_EXACT = {
  describe: 'Lossless Arrow types: decimals, int16, int32, microseconds, binary uuids',
} as const

/** What `completion` does; yargs parses it. */
export const COMPLETION = 'Print a completion script for bash or zsh'

/** The commands in the order of the help. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['spec', { describe: 'Print the connector specification', options: {} }],
  ['check', { describe: 'Validate the config and the connection', options: CONFIG }],
  [
    'discover',
    {
      describe: 'Discover streams and print the catalog',
      options: {
        ...CONFIG,
        stream: {
          value: 'NAME',
          isRepeatable: true,
          describe: 'Discover only this stream, name or namespace.name; may be repeated',
        },
        table: { describe: 'Print a readable table of the streams instead of the catalog' },
        'arrow-schema': { describe: 'Add the Arrow schema of each stream to the catalog' },
        'arrow-exact': ARROW_EXACT,
      },
    },
  ],
  [
    'read',
    {
      describe: 'Read records and state messages',
      options: {
        ...CONFIG,
        catalog: {
          value: 'FILE',
          describe: 'Configured catalog (default: the streams that the config selects)',
        },
        state: {
          value: 'FILE',
          describe: 'States of an earlier read (default: read each stream from the start)',
        },
        'state-out': {
          value: 'FILE',
          describe: 'Keep the latest states in this file; it may be the file of --state',
        },
        stream: {
          value: 'NAME',
          isRepeatable: true,
          describe: 'Read only this stream, name or namespace.name; may be repeated',
        },
        format: {
          value: 'FORMAT',
          choices: ['json', 'arrow'],
          describe: 'json for JSON lines, arrow for Arrow IPC (default: json)',
        },
        output: {
          value: 'DIRECTORY',
          describe: 'Write an Arrow file per stream (default: one stream to stdout)',
        },
        'arrow-exact': ARROW_EXACT,
        processes: {
          value: 'N',
          describe: 'Read each large table with N processes; needs --output (default: 1)',
        },
        shard: {
          value: 'SHARD',
          describe: 'Read a shard: a line that shards has printed, a file of them, or - for stdin',
        },
        'shard-index': {
          value: 'N',
          describe: 'Line of the file of --shard, counted from 0',
        },
      },
    },
  ],
  [
    'shards',
    {
      describe: 'Divide a stream into shards of one snapshot, and hold the snapshot',
      options: {
        ...CONFIG,
        stream: {
          value: 'NAME',
          isRequired: true,
          describe: 'Stream, name or namespace.name (required)',
        },
        count: { value: 'N', isRequired: true, describe: 'Number of shards (required)' },
        'arrow-schema': { describe: 'Add the Arrow schema of the stream to each shard' },
        'arrow-exact': ARROW_EXACT,
        'idle-timeout': {
          value: 'SECONDS',
          describe: 'Release the snapshot when unused for this time (default: at end of stdin)',
        },
      },
    },
  ],
])
