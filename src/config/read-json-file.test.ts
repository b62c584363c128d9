import { expect } from 'chai'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConnectorError } from '../errors.ts'
import { readJsonFile } from './read-json-file.ts'

describe('readJsonFile', () => {
  let directory = ''
  let path = ''

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'read-json-file-'))
    path = join(directory, 'file.json')
  })

  after(async () => rm(directory, { recursive: true }))

  for (const [text, what, expected] of [
    ['{"a":1}', 'config', { a: 1 }],
    ['\uFEFF{"a":1}', 'config', { a: 1 }],
    ['{}', 'catalog', {}],
  ] as const) {
    it(`${JSON.stringify(text)} as ${what} → ${JSON.stringify(expected)}`, async () => {
      await writeFile(path, text)
      expect(await readJsonFile(path, what)).to.deep.equal(expected)
    })
  }

  for (const what of ['config', 'catalog'] as const) {
    it(`rejects an empty ${what} file`, async () => {
      await writeFile(path, '\uFEFF \n')
      expect((await failure(path, what)).message).to.equal(
        `The file ${path} of --${what} is empty. It must contain a JSON object.`,
      )
    })
  }

  for (const text of ['[]', 'null', '"host"']) {
    it(`rejects ${text}`, async () => {
      await writeFile(path, text)
      const { message } = await failure(path, 'config')
      expect(message).to.equal(`The file ${path} of --config must contain a JSON object.`)
    })
  }

  for (const encoding of ['latin1', 'utf16le'] as const) {
    it(`rejects ${encoding}`, async () => {
      await writeFile(path, '\uFEFF{"password":"é"}', encoding)
      const { message } = await failure(path, 'config')
      expect(message).to.equal(`The file ${path} of --config is not UTF-8 text. Save it as UTF-8.`)
    })
  }

  it('reports the position where the JSON ends, without any content', async () => {
    await writeFile(path, '{\n  "password": "hunter2",\n  "port": hunter2\n}')
    const error = await failure(path, 'config')
    const expected = `The file ${path} of --config is not JSON: correct line 3, column 11.`
    expect(error.message).to.equal(expected)
    expect(error.failureType).to.equal('config_error')
    expect(error.cause).to.equal(undefined)
  })

  it('reports a file that does not exist', async () => {
    const missing = join(directory, 'missing.json')
    const error = await failure(missing, 'catalog')
    expect(error.message).to.equal(
      `The file ${missing} of --catalog does not exist. Correct the path.`,
    )
    expect(error.failureType).to.equal('config_error')
  })

  it('reports a path below a file that is not a directory', async () => {
    await writeFile(path, '')
    const { message } = await failure(join(path, 'x'), 'config')
    expect(message).to.match(/^The file .* of --config does not exist\. Correct the path\.$/)
  })

  it('reports a directory', async () => {
    const { message } = await failure(directory, 'config')
    expect(message).to.equal(
      `The file ${directory} of --config is a directory. Give the path of a file.`,
    )
  })

  it('rejects a path with a NUL character', async () => {
    const { message, failureType } = await failure('a\0b', 'config')
    expect(message).to.include('cannot be read (ERR_INVALID_ARG_VALUE). Give another path.')
    expect(failureType).to.equal('config_error')
  })
})

async function failure(file: string, what: 'config' | 'catalog'): Promise<ConnectorError> {
  try {
    await readJsonFile(file, what)
  } catch (error) {
    if (error instanceof ConnectorError) return error
    throw error
  }
  throw new Error('nothing was rejected')
}
