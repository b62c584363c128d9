import { expect } from 'chai'
import { parseCommandLine, toCommandLine, UsageError } from './command-line.ts'
import { parseWithYargs } from './yargs-parser.ts'

const READ = {
  command: 'read',
  config: 'c.json',
  catalog: null,
  state: null,
  stateOut: null,
  streams: [],
  format: 'json',
  output: null,
  arrowExact: false,
  processes: null,
  expandEnv: false,
  shard: null,
  shardIndex: null,
}
const SHARDS = {
  command: 'shards',
  config: 'c',
  expandEnv: false,
  stream: 'a.b',
  count: 8,
  idleTimeoutSeconds: null,
}
const DISCOVER = {
  command: 'discover',
  config: 'c',
  expandEnv: false,
  table: false,
  arrowSchema: false,
  arrowExact: false,
}

describe('parseCommandLine', () => {
  for (const [line, expected] of [
    ['spec', { command: 'spec' }],
    ['check --config c.json', { command: 'check', config: 'c.json', expandEnv: false }],
    ['check --config=c.json', { command: 'check', config: 'c.json', expandEnv: false }],
    ['--config c.json check', { command: 'check', config: 'c.json', expandEnv: false }],
    ['discover --config 1', { ...DISCOVER, config: '1' }],
    ['discover --config c --table', { ...DISCOVER, table: true }],
    ['check --expand-env --config c', { command: 'check', config: 'c', expandEnv: true }],
    ['read --config c.json', READ],
    ['read --config c.json --catalog k', { ...READ, catalog: 'k' }],
    ['read --config c.json --state s', { ...READ, state: 's' }],
    [
      'read --config c.json --catalog k --state s --expand-env',
      { ...READ, catalog: 'k', state: 's', expandEnv: true },
    ],
    ['--spec', { command: 'spec' }],
    ['--check --config c', { command: 'check', config: 'c', expandEnv: false }],
    ['--discover --config c', DISCOVER],
    ['discover --config c --arrow-schema', { ...DISCOVER, arrowSchema: true }],
    [
      'discover --config c --arrow-schema --arrow-exact',
      { ...DISCOVER, arrowSchema: true, arrowExact: true },
    ],
    ['read --config c.json --format arrow', { ...READ, format: 'arrow' }],
    [
      'read --config c.json --format arrow --output d --arrow-exact',
      { ...READ, format: 'arrow', output: 'd', arrowExact: true },
    ],
    [
      'read --config c.json --format arrow --output d --processes 4',
      { ...READ, format: 'arrow', output: 'd', processes: 4 },
    ],
    ['read --config c.json --state-out s', { ...READ, stateOut: 's' }],
    ['read --config c.json --stream a --stream b.c', { ...READ, streams: ['a', 'b.c'] }],
    ['read --config c.json --stream=7', { ...READ, streams: ['7'] }],
    ['read --stream a --config c.json', { ...READ, streams: ['a'] }],
    ['--read --config c.json --catalog k', { ...READ, catalog: 'k' }],
    ['read --config c.json --shard s', { ...READ, shard: 's' }],
    ['read --config c.json --shard s --shard-index 0', { ...READ, shard: 's', shardIndex: 0 }],
    ['shards --config c --stream a.b --count 8', SHARDS],
    [
      'shards --config c --stream a.b --count 8 --idle-timeout 60',
      { ...SHARDS, idleTimeoutSeconds: 60 },
    ],
  ] as const) {
    it(`${line} → ${JSON.stringify(expected)}`, async () => {
      expect(await parseCommandLine(line.split(' '))).to.deep.equal(expected)
    })

    it(`${line}: yargs parses it to the same result`, () => {
      const words = line.replace(/^--(?=[sdr]|check)/, '').split(' ')
      expect(toCommandLine(parseWithYargs(words))).to.deep.equal(expected)
    })
  }

  for (const [argv, problem] of [
    [[], 'A command is required'],
    [['fetch'], 'Unknown argument: fetch'],
    [['spec', 'now'], 'Unknown argument: now'],
    [['spec', '--config', 'c'], 'Unknown argument: config'],
    [['check', 'check', '--config', 'c'], 'Unknown argument: check'],
    [['--read', '--check', '--config', 'c'], 'Unknown argument: check'],
    [['--config', 'c'], 'Unknown argument: config'],
    [['check'], 'Missing required argument: config'],
    [['read', '--catalog', 'k'], 'Missing required argument: config'],
    [['check', '--config'], 'Not enough arguments following: config'],
    [['check', '--config', '--expand-env'], 'Not enough arguments following: config'],
    [['read', '--config', 'c', '--state'], 'Not enough arguments following: state'],
    [['check', '--config='], 'A name is empty'],
    [['check', '--config', ''], 'A name is empty'],
    [['check', '--config', 'a', '--config', 'b'], '--config is given more than once'],
    [['check', '--config', 'a', '--config=b'], '--config is given more than once'],
    [['read', '--config', 'c', '--state', 'a', '--state', 'b'], '--state is given more than once'],
    [['check', '--config', 'c', '--expand-env', '--expand-env'], '--expand-env is given more'],
    [['check', '--config', 'c', '--expand-env=maybe'], '--expand-env takes no value'],
    [['check', '--config', 'c', '--expandEnv'], 'Unknown argument: expandEnv'],
    [['check', '--config', 'c', '--no-expand-env'], 'Unknown argument: no-expand-env'],
    [['check', '--config', 'c', '--catalog', 'k'], 'Unknown argument: catalog'],
    [['discover', '--config', 'c', '--state', 's'], 'Unknown argument: state'],
    [['read', '--config', 'c', '--format', 'csv'], 'Invalid values'],
    [['read', '--config', 'c', '--output', 'd'], '--output is for --format arrow'],
    [['read', '--config', 'c', '--arrow-exact'], '--arrow-exact is for --format arrow'],
    [['discover', '--config', 'c', '--arrow-exact'], '--arrow-exact is for --arrow-schema'],
    [['discover', '--config', 'c', '--table', '--arrow-schema'], 'not for --table'],
    [['read', '--config', 'c', '--stream'], 'Not enough arguments following: stream'],
    [['read', '--config', 'c', '--stream', 'a', 'b'], 'Unknown argument: b'],
    [['check', '--config', 'c', '--table'], 'Unknown argument: table'],
    [['discover', '--config', 'c', '--table=no'], '--table takes no value'],
    [['shards', '--config', 'c', '--stream', 's'], 'Missing required argument: count'],
    [['shards', '--config', 'c', '--stream', 's', '--count', '0'], '--count is not an integer'],
    [['shards', '--config', 'c', '--stream', 's', '--count', '2.5'], '--count is not an integer'],
    [['read', '--config', 'c', '--processes', '2'], '--processes is for --format arrow with'],
    [
      ['read', '--config', 'c', '--format', 'arrow', '--processes', '1'],
      '--processes is for --format arrow with --output',
    ],
    [
      ['read', '--config', 'c', '--format', 'arrow', '--output', 'd', '--processes', '0'],
      '--processes is not an integer from 1',
    ],
    [
      'read --config c --format arrow --output d --shard s --processes 2'.split(' '),
      '--processes is not for --shard',
    ],
    [['read', '--config', 'c', '--shard-index', '1'], '--shard-index is for --shard'],
    [['read', '--config', 'c', '--shard', 's', '--state', 't'], 'A shard has no state'],
    [['read', '--config', 'c', '--shard', 's', '--stream', 't'], '--stream is not for --shard'],
    [['read', '--config', 'c', '-v'], 'Unknown argument: v'],
    [['read', '--config', 'c', '--', 'x'], 'Unexpected arguments after --'],
  ] as const) {
    it(`rejects ${JSON.stringify(argv)}: ${problem}`, async () => {
      const error: unknown = await parseCommandLine(argv).catch((reason: unknown) => reason)
      expect(() => throwIt(error)).to.throw(UsageError, problem)
    })
  }

  it('mentions --help in an error', async () => {
    const error: unknown = await parseCommandLine(['fetch']).catch((reason: unknown) => reason)
    expect(() => throwIt(error)).to.throw('Run source-postgres --help')
  })

  it('lists every command and an example in the help', async () => {
    const help = await parseCommandLine(['--help'])
    if (help.command !== 'help') throw new Error('no help')
    for (const command of ['spec', 'check', 'discover', 'read', 'shards']) {
      expect(help.text).to.include(`source-postgres ${command}`)
    }
    expect(help.text).to.include('source-postgres check --config config.json')
  })

  it('lists the options of a command in its help', async () => {
    const help = await parseCommandLine(['read', '--help'])
    if (help.command !== 'help') throw new Error('no help')
    for (const option of ['--config', '--catalog', '--state', '--expand-env']) {
      expect(help.text).to.include(option)
    }
  })

  it('treats the command help like --help', async () => {
    expect(await parseCommandLine(['help'])).to.deep.equal(await parseCommandLine(['--help']))
  })

  it('prints only the version', async () => {
    const version = await parseCommandLine(['--version'])
    if (version.command !== 'help') throw new Error('no version')
    expect(version.text).to.match(/^\d+\.\d+\.\d+$/)
  })

  it('prints the completion script of a shell', async () => {
    const script = await parseCommandLine(['completion'])
    if (script.command !== 'help') throw new Error('no script')
    expect(script.text).to.include('source-postgres --get-yargs-completions')
  })

  for (const [words, expected] of [
    [
      ['source-postgres', ''],
      ['spec', 'check', 'discover', 'read', 'shards', 'completion'],
    ],
    [
      ['source-postgres', 'read', '--st'],
      ['--state', '--state-out', '--stream'],
    ],
    [['source-postgres', 'discover', '--t'], ['--table']],
  ] as const) {
    it(`completes ${JSON.stringify(words)} with ${expected.join(' ')}`, async () => {
      const answer = await parseCommandLine(['--get-yargs-completions', ...words])
      if (answer.command !== 'help') throw new Error('no answer')
      expect(answer.text.split('\n')).to.include.members([...expected])
    })
  }

  it('does not modify its argument', async () => {
    expect(await parseCommandLine(Object.freeze(['--spec']))).to.deep.equal({ command: 'spec' })
  })
})

function throwIt(error: unknown): never {
  throw error
}

describe('UsageError', () => {
  it('has its name and message', () => {
    expect(new UsageError('no').toString()).to.equal('UsageError: no')
  })
})
