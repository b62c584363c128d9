import { expect } from 'chai'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConnectorError } from '../errors.ts'
import { Output } from '../protocol/output.ts'
import { JsonNumber } from '../json/json.ts'
import { type StateContent, stateMessage, streamState } from '../protocol/messages.ts'
import { StateFile } from './state-file.ts'

const ORDERS = { name: 'orders', namespace: 'public' }

describe('StateFile', () => {
  let directory = ''
  let path = ''
  let fd = 0
  let output: Output
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'state-file-'))
    path = join(directory, 'state.json')
    fd = openSync('/dev/null', 'w')
    output = new Output(fd)
  })
  afterEach(() => {
    closeSync(fd)
    rmSync(directory, { recursive: true })
  })

  function emit(file: StateFile, state: Parameters<typeof streamState>[1]): void {
    emitContent(file, streamState(ORDERS, state))
  }

  function emitContent(file: StateFile, content: StateContent): void {
    const message = stateMessage(content, 1)
    output.write(message)
    file.emitted(message)
  }

  function saved(): unknown[] {
    const states: unknown[] = JSON.parse(readFileSync(path, 'utf8'))
    return states
  }

  it('saves a state only after the consumer has taken it', async () => {
    const file = await StateFile.open(path, { output, data: null }, [])
    emit(file, { n: 1 })
    file.save()
    await file.finish()
    expect(saved()).to.deep.equal([])
    await output.flush()
    await file.finish()
    expect(saved()).to.deep.equal([
      { type: 'STREAM', stream: { stream_descriptor: ORDERS, stream_state: { n: 1 } } },
    ])
  })

  it('saves no state whose records in a file are not durable', async () => {
    const failure = new Error('EIO')
    class UnsyncedOutput extends Output {
      override async sync(): Promise<void> {
        throw failure
      }
    }
    const data = new UnsyncedOutput(fd)
    const file = await StateFile.open(path, { output, data }, [])
    emit(file, { n: 1 })
    await output.flush()
    expect(await file.finish().catch((error: unknown) => error)).to.equal(failure)
    expect(saved()).to.deep.equal([])
  })

  it('keeps the last state of a stream and those of other streams', async () => {
    const other = streamState({ name: 'b' }, {})
    const old = streamState(ORDERS, { n: 0 })
    const file = await StateFile.open(path, { output, data: null }, [other, old])
    emit(file, { n: 1 })
    emit(file, { n: 2 })
    await output.flush()
    await file.finish()
    const stream = { stream_descriptor: ORDERS, stream_state: { n: 2 } }
    expect(saved()).to.deep.equal([other, { type: 'STREAM', stream }])
  })

  it('saves the last GLOBAL state after the older states of its streams', async () => {
    const old = streamState(ORDERS, { n: 0 })
    const global = (lsn: number): StateContent => {
      const stream = { stream_descriptor: ORDERS, stream_state: { lsn } }
      return { type: 'GLOBAL', global: { shared_state: { lsn }, stream_states: [stream] } }
    }
    const file = await StateFile.open(path, { output, data: null }, [global(1), old])
    emitContent(file, global(2))
    await output.flush()
    await file.finish()
    expect(saved()).to.deep.equal([old, global(2)])
  })

  it('keeps every digit of a number', async () => {
    const file = await StateFile.open(path, { output, data: null }, [])
    emit(file, { xmin: new JsonNumber('9007199254740993') })
    await output.flush()
    await file.finish()
    expect(readFileSync(path, 'utf8')).to.include('"xmin":9007199254740993}')
  })

  for (const [what, name, reason] of [
    ['without its directory', 'no/state.json', 'its directory does not exist (ENOENT)'],
    ['below a file', 'file/state.json', 'contains a file where a directory is needed (ENOTDIR)'],
    ['with the name of a directory', 'directory', 'there is a directory with its name (EISDIR)'],
  ] as const) {
    it(`a file ${what} is an error before a row is read, and leaves no temporary file`, async () => {
      mkdirSync(join(directory, 'directory'))
      writeFileSync(join(directory, 'file'), '')
      const opening = StateFile.open(join(directory, name), { output, data: null }, [])
      const failure = await opening.catch((error: unknown) => error)
      expect(failure).to.be.instanceOf(ConnectorError)
      expect(String(failure)).to.include(`cannot be written: `).and.include(reason)
      expect(readdirSync(directory)).to.have.members(['directory', 'file'])
    })
  }
})
