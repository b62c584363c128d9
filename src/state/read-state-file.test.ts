import { expect } from 'chai'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConnectorError } from '../errors.ts'
import { readStateFile } from './read-state-file.ts'

const RECORD = '{"type":"RECORD","record":{"stream":"t","data":{"id":1},"emitted_at":1}}'
const LOG = '{"type": "LOG", "log": {"level": "INFO", "message": "{\\"type\\":\\"STATE\\"}"}}'

function state(n: number | string): string {
  return `{"type":"STATE","state":{"n":${n}}}`
}

describe('readStateFile', () => {
  let directory = ''
  let path = ''

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'read-state-file-'))
    path = join(directory, 'state.json')
  })

  after(async () => rm(directory, { recursive: true }))

  for (const [what, text, expected] of [
    ['an object', '{}', {}],
    ['an array over several lines', '[\n{"a":1},\n\n{"a":2}\n]\n', [{ a: 1 }, { a: 2 }]],
    ['one message', state(1), { type: 'STATE', state: { n: 1 } }],
    ['one message and a line feed', `${state(1)}\n`, { type: 'STATE', state: { n: 1 } }],
    ['nothing', '', []],
    ['blanks', ' \n\n', []],
    ['a byte order mark', '\uFEFF', []],
    ['a byte order mark before JSON', '\uFEFF{"a":1}', { a: 1 }],
    ['a number beyond 2^53', '{"a":9007199254740993}', { a: '9007199254740993' }],
    ['a line each', '{"n":1}\n{"n":2}\r\n', [{ n: 1 }, { n: 2 }]],
    [
      'the output of a read',
      [LOG, state(1), RECORD, '', state('9007199254740993'), RECORD, ''].join('\n'),
      [
        { type: 'STATE', state: { n: 1 } },
        { type: 'STATE', state: { n: '9007199254740993' } },
      ],
    ],
    [
      'the output of a killed read, cut in a state',
      [RECORD, state(1), state(2).slice(0, -1)].join('\n'),
      [{ type: 'STATE', state: { n: 1 } }],
    ],
    [
      'the output of a killed read, cut in a record',
      `${state(1)}\n{"type":"RECO`,
      [{ type: 'STATE', state: { n: 1 } }],
    ],
    ['only records', `${RECORD}\n`, []],
  ] as const) {
    it(`reads ${what}`, async () => {
      await writeFile(path, text)
      expect(await readStateFile(path, 'state')).to.deep.equal(expected)
    })
  }

  it('skips records, wherever the chunks of the file end', async () => {
    const long = RECORD.replace('"id":1', `"text":"${'x'.repeat(100_000)}"`)
    const lines = Array.from({ length: 20 }, (_, n) => `${long}\n${state(n)}\n`)
    await writeFile(path, lines.join(''))
    const expected = lines.map((_, n) => ({ type: 'STATE', state: { n } }))
    expect(await readStateFile(path, 'state')).to.deep.equal(expected)
  })

  for (const [what, text, place] of [
    ['an array that breaks off', '[\n{"a":1},\n', 'line 2, column 9'],
    ['an object that breaks off', '{\n  "a": x\n}', 'line 2, column 8'],
    [
      'a line that is not JSON',
      `${RECORD}\n${state(1)}\n{"n":x}\n${state(2)}\n`,
      'line 3, column 6',
    ],
    ['two values in a line', `${state(1)} ${state(2)}\n`, 'line 1, column 34'],
  ] as const) {
    it(`reports the position where ${what} is malformed`, async () => {
      await writeFile(path, text)
      const error = await failure(path)
      expect(error.message).to.equal(`The file ${path} of --state is not JSON: correct ${place}.`)
      expect(error.failureType).to.equal('config_error')
    })
  }

  for (const text of ['{"n":"é"}', `${state(1)}\n{"n":"é"}\n`, `{"n":1}\n{"n":"é"`, '{"n":"é']) {
    const isCut = text.includes('1') && !text.endsWith('}\n')
    it(`${isCut ? 'skips a cut line' : 'reports a text'} that is not UTF-8: ${text}`, async () => {
      await writeFile(path, text, 'latin1')
      if (isCut) expect(await readStateFile(path, 'state')).to.deep.equal([{ n: 1 }])
      else {
        const { message } = await failure(path)
        expect(message).to.equal(`The file ${path} of --state is not UTF-8 text. Save it as UTF-8.`)
      }
    })
  }

  it('reports the path of a file that cannot be read', async () => {
    const missing = join(directory, 'missing.json')
    expect((await failure(missing)).message).to.equal(
      `The file ${missing} of --state does not exist. Correct the path. For a first read, omit --state, or give the path to --state-out, too.`,
    )
    const { message } = await failure(directory)
    expect(message).to.equal(
      `The file ${directory} of --state is a directory. Give the path of a file.`,
    )
  })
})

async function failure(file: string): Promise<ConnectorError> {
  try {
    await readStateFile(file, 'state')
  } catch (error) {
    if (error instanceof ConnectorError) return error
    throw error
  }
  throw new Error('nothing was rejected')
}
