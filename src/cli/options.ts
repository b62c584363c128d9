/** An option of a command. */
export interface Option {
  readonly type: 'string' | 'boolean'
  readonly describe: string
  readonly isRequired?: boolean
  readonly isRepeatable?: boolean
  /** The first choice is the default. */
  readonly choices?: readonly string[]
}

/** A command and its options, by name. */
export interface Command {
  readonly describe: string
  readonly options: Readonly<Record<string, Option>>
}

const CONFIG = {
  config: { type: 'string', isRequired: true, describe: 'Config: a JSON file' },
  'expand-env': {
    type: 'boolean',
    describe: 'Replace ${NAME} in the config with the environment variable NAME',
  },
} as const

const ARROW_EXACT = {
  type: 'boolean',
  describe: 'Lossless Arrow types: decimals, int16, int32, microseconds, binary uuids',
} as const

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
        table: {
          type: 'boolean',
          describe: 'Print a human-readable table of the streams instead of the catalog',
        },
        'arrow-schema': { type: 'boolean', describe: 'Add the Arrow schema of each stream' },
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
          type: 'string',
          describe: 'Configured catalog; without it, the config selects the streams',
        },
        state: {
          type: 'string',
          describe: 'States of an earlier read; without it, the streams are read from the start',
        },
        'state-out': {
          type: 'string',
          describe: 'File to keep the latest states in; may be the file of --state',
        },
        stream: {
          type: 'string',
          isRepeatable: true,
          describe: 'Read only this stream: name or namespace.name; may be repeated',
        },
        format: {
          type: 'string',
          choices: ['json', 'arrow'],
          describe: 'Records as JSON lines, or Arrow IPC',
        },
        output: {
          type: 'string',
          describe: 'Directory of the Arrow files; without it, one stream is written to stdout',
        },
        'arrow-exact': ARROW_EXACT,
        processes: {
          type: 'string',
          describe: 'How many processes read a large table into the files of --output',
        },
        shard: {
          type: 'string',
          describe: 'Read one shard: a line that shards printed, or a file with such lines',
        },
        'shard-index': {
          type: 'string',
          describe: 'Which line of the file of --shard; the first one is 0',
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
        stream: { type: 'string', isRequired: true, describe: 'Stream: name or namespace.name' },
        count: { type: 'string', isRequired: true, describe: 'Number of shards' },
        'idle-timeout': {
          type: 'string',
          describe:
            'Release the snapshot after so many seconds without a reader; without it, when standard input closes',
        },
      },
    },
  ],
])
