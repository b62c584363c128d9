import { expect } from 'chai'
import { parseCommandLine } from './command-line.ts'
import { UsageError } from './parse-words.ts'

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
  arrowSchema: false,
  arrowExact: false,
  idleTimeoutSeconds: null,
}
const DISCOVER = {
  command: 'discover',
  config: 'c',
  expandEnv: false,
  streams: [],
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
    ['discover --config c --stream a.b', { ...DISCOVER, streams: ['a.b'] }],
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
    ['read --config c.json --shard -', { ...READ, shard: '-' }],
    ['read --config c.json --shard s --shard-index 0', { ...READ, shard: 's', shardIndex: 0 }],
    ['shards --config c --stream a.b --count 8', SHARDS],
    [
      'shards --config c --stream a.b --count 8 --arrow-schema --arrow-exact',
      { ...SHARDS, arrowSchema: true, arrowExact: true },
    ],
    [
      'shards --config c --stream a.b --count 8 --idle-timeout 60',
      { ...SHARDS, idleTimeoutSeconds: 60 },
    ],
  ] as const) {
    it(`${line} → ${JSON.stringify(expected)}`, async () => {
      expect(await parseCommandLine(line.split(' '))).to.deep.equal(expected)
    })
  }

  for (const [argv, problem] of [
    [[], 'A command is required'],
    [['fetch'], 'Unknown command: fetch'],
    [['spec', 'now'], 'Unexpected argument: now'],
    [['spec', '--config', 'c'], 'Unknown option: --config'],
    [['check', 'check', '--config', 'c'], 'Unexpected argument: check'],
    [['--read', '--check', '--config', 'c'], 'Unknown option: --check'],
    [['--config', 'c'], 'A command is required'],
    [['check'], 'Option --config is required'],
    [['read', '--catalog', 'k'], 'Option --config is required'],
    [['check', '--config'], 'Option --config needs a value'],
    [['check', '--config', '--expand-env'], 'Option --config needs a value'],
    [['read', '--config', 'c', '--state'], 'Option --state needs a value'],
    [['check', '--config='], 'Option --config needs a value'],
    [['check', '--config', ''], 'Option --config needs a value'],
    [['check', '--config', 'a', '--config', 'b'], '--config is given more than once'],
    [['check', '--config', 'a', '--config=b'], '--config is given more than once'],
    [['read', '--config', 'c', '--state', 'a', '--state', 'b'], '--state is given more than once'],
    [['check', '--config', 'c', '--expand-env', '--expand-env'], '--expand-env is given more'],
    [['check', '--config', 'c', '--expand-env=maybe'], '--expand-env takes no value'],
    [
      ['check', '--config', 'c', '--expandEnv'],
      'Unknown option: --expandEnv (did you mean --expand-env?)',
    ],
    [['check', '--config', 'c', '--no-expand-env'], 'Unknown option: --no-expand-env'],
    [['check', '--config', 'c', '--catalog', 'k'], 'Unknown option: --catalog'],
    [['check', '--confg', 'c'], 'Unknown option: --confg (did you mean --config?). Run'],
    [['chekc', '--config', 'c'], 'Unknown command: chekc (did you mean check?). Run'],
    [['discover', '--config', 'c', '--state', 's'], 'Unknown option: --state'],
    [['read', '--config', 'c', '--format', 'csv'], 'Option --format is not json or arrow'],
    [['read', '--config', 'c', '--output', 'd'], '--output needs --format arrow'],
    [['read', '--config', 'c', '--arrow-exact'], '--arrow-exact needs --format arrow'],
    [['discover', '--config', 'c', '--arrow-exact'], '--arrow-exact needs --arrow-schema'],
    [
      'shards --config c --stream s --count 2 --arrow-exact'.split(' '),
      '--arrow-exact needs --arrow-schema',
    ],
    [
      ['discover', '--config', 'c', '--table', '--arrow-schema'],
      '--table and --arrow-schema exclude each other',
    ],
    [['read', '--config', 'c', '--stream'], 'Option --stream needs a value'],
    [['read', '--config', 'c', '--stream', 'a', 'b'], 'Unexpected argument: b'],
    [['check', '--config', 'c', '--table'], 'Unknown option: --table'],
    [['discover', '--config', 'c', '--table=no'], '--table takes no value'],
    [['shards', '--config', 'c', '--stream', 's'], 'Option --count is required'],
    [['shards', '--config', 'c', '--stream', 's', '--count', '0'], '--count is not an integer'],
    [['shards', '--config', 'c', '--stream', 's', '--count', '2.5'], '--count is not an integer'],
    [
      ['read', '--config', 'c', '--processes', '2'],
      '--processes needs --format arrow and --output',
    ],
    [
      ['read', '--config', 'c', '--format', 'arrow', '--processes', '1'],
      '--processes needs --format arrow and --output',
    ],
    [
      ['read', '--config', 'c', '--format', 'arrow', '--output', 'd', '--processes', '0'],
      '--processes is not an integer from 1',
    ],
    [
      'read --config c --format arrow --output d --shard s --processes 2'.split(' '),
      '--shard and --processes exclude each other',
    ],
    [['read', '--config', 'c', '--shard-index', '1'], '--shard-index needs --shard'],
    [
      'read --config c --shard - --shard-index 1'.split(' '),
      '--shard-index needs a file of shards',
    ],
    [
      'read --config c --shard - --format arrow --output d'.split(' '),
      '--shard - and --output exclude each other',
    ],
    [['read', '--config', 'c', '--shard', 's', '--state', 't'], 'a shard has no state'],
    [
      ['read', '--config', 'c', '--shard', 's', '--stream', 't'],
      '--shard and --stream exclude each other',
    ],
    [['read', '--config', 'c', '-v'], 'Unknown option: -v'],
    [['read', '--config', 'c', '--', 'x'], 'Unexpected arguments after --'],
  ] as const) {
    it(`rejects ${JSON.stringify(argv)}: ${problem}`, async () => {
      const error: unknown = await parseCommandLine(argv).catch((reason: unknown) => reason)
      expect(() => throwIt(error)).to.throw(UsageError, problem)
    })
  }

  it('names the help when it rejects a command', async () => {
    const error: unknown = await parseCommandLine(['fetch']).catch((reason: unknown) => reason)
    expect(() => throwIt(error)).to.throw('Run source-postgres --help')
    const option: unknown = await parseCommandLine(['read', '-x']).catch(
      (reason: unknown) => reason,
    )
    expect(() => throwIt(option)).to.throw('Run source-postgres read --help for the options.')
  })

  it('lists every command and examples in the help', async () => {
    const help = await parseCommandLine(['--help'])
    if (help.command !== 'help') throw new Error('no help')
    for (const command of ['spec', 'check', 'discover', 'read', 'shards']) {
      expect(help.text).to.match(new RegExp(`^  ${command} `, 'm'))
    }
    expect(help.text).to.include('source-postgres check --config config.json')
  })

  it('lists the options of a command in its help', async () => {
    const help = await parseCommandLine(['read', '--help'])
    if (help.command !== 'help') throw new Error('no help')
    for (const option of ['--config FILE', '--catalog FILE', '--state-out FILE', '--expand-env']) {
      expect(help.text).to.include(option)
    }
  })

  it('accepts help and -h as --help', async () => {
    const help = await parseCommandLine(['--help'])
    expect(await parseCommandLine(['help'])).to.deep.equal(help)
    expect(await parseCommandLine(['-h'])).to.deep.equal(help)
    expect(await parseCommandLine(['help', 'read'])).to.deep.equal(
      await parseCommandLine(['read', '--help']),
    )
  })

  it('has no help line wider than 80 columns', async () => {
    for (const words of [[], ['discover'], ['read'], ['shards']]) {
      const help = await parseCommandLine([...words, '--help'])
      if (help.command !== 'help') throw new Error('no help')
      for (const line of help.text.split('\n')) expect(line.length, line).to.be.at.most(80)
    }
  })

  it('prints the version alone', async () => {
    const version = await parseCommandLine(['--version'])
    if (version.command !== 'help') throw new Error('no version')
    expect(version.text).to.match(/^\d+\.\d+\.\d+$/)
  })

  it('prints the script of a shell', async () => {
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

  it('leaves its argument as it is', async () => {
    expect(await parseCommandLine(Object.freeze(['--spec']))).to.deep.equal({ command: 'spec' })
  })
})

function throwIt(error: unknown): never {
  throw error
}

describe('UsageError', () => {
  it('keeps its name and message', () => {
    expect(new UsageError('no').toString()).to.match(/^UsageError: no\. Run /)
  })
})
