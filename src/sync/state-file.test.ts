import { expect } from 'chai'
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
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
    const file = new StateFile(path, { output, data: null }, [])
    emit(file, { n: 1 })
    file.save()
    await file.finish()
    expect(readdirSync(directory)).to.deep.equal([])
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
    const file = new StateFile(path, { output, data }, [])
    emit(file, { n: 1 })
    await output.flush()
    expect(await file.finish().catch((error: unknown) => error)).to.equal(failure)
    expect(readdirSync(directory)).to.deep.equal([])
  })

  it('keeps the last state of a stream and those of other streams', async () => {
    const other = streamState({ name: 'b' }, {})
    const old = streamState(ORDERS, { n: 0 })
    const file = new StateFile(path, { output, data: null }, [other, old])
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
    const file = new StateFile(path, { output, data: null }, [global(1), old])
    emitContent(file, global(2))
    await output.flush()
    await file.finish()
    expect(saved()).to.deep.equal([old, global(2)])
  })

  it('keeps every digit of a number', async () => {
    const file = new StateFile(path, { output, data: null }, [])
    emit(file, { xmin: new JsonNumber('9007199254740993') })
    await output.flush()
    await file.finish()
    expect(readFileSync(path, 'utf8')).to.include('"xmin":9007199254740993}')
  })

  it('reports a file that cannot be written, and leaves no temporary file', async () => {
    const file = new StateFile(join(directory, 'no', 'state.json'), { output, data: null }, [])
    emit(file, {})
    await output.flush()
    const failure = await file.finish().catch((error: unknown) => error)
    expect(failure).to.be.instanceOf(ConnectorError)
    expect(String(failure)).to.include('cannot be written (ENOENT)')
    expect(readdirSync(directory)).to.deep.equal([])
  })
})
