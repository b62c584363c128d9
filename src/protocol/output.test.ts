import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { logMessage, serializeMessage } from './messages.ts'
import { Output, OutputClosedError } from './output.ts'

const PIPE_BYTES = 64 * 1024
const FULL_BYTES = 512 * 1024

/**
 * Both ends of a real pipe. The writing end does not block: a full pipe is EAGAIN, a long write is
 * partial.
 */
class Pipe implements Disposable {
  readonly writeFd: number
  readonly #directory = mkdtempSync(join(tmpdir(), 'output-'))
  readonly #readFd: number
  readonly #chunk = Buffer.alloc(1024 * 1024)
  #isOpen = true

  constructor() {
    const path = join(this.#directory, 'pipe')
    execFileSync('mkfifo', [path])
    this.#readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    this.writeFd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  }

  /** Returns the current content of the pipe. */
  take(): string {
    try {
      return this.#chunk.toString('utf8', 0, readSync(this.#readFd, this.#chunk))
    } catch {
      return '' // EAGAIN: it is empty
    }
  }

  /** Reads until `promise` has settled and the pipe is empty. */
  async takeUntil(promise: Promise<unknown>): Promise<string> {
    const state = { isPending: true }
    const settled = promise.finally(() => {
      state.isPending = false
    })
    let text = ''
    while (state.isPending) {
      text += this.take()
      await Promise.race([sleep(1), settled])
    }
    await settled
    return text + this.take()
  }

  closeReader(): void {
    if (this.#isOpen) closeSync(this.#readFd)
    this.#isOpen = false
  }

  [Symbol.dispose](): void {
    this.closeReader()
    closeSync(this.writeFd)
    rmSync(this.#directory, { recursive: true })
  }
}

function line(index: number, length = 0): string {
  return serializeMessage(logMessage('INFO', `${index}${'x'.repeat(length)}`))
}

function fill(output: Output, bytes: number): void {
  while (output.buffer.length < bytes) output.write(logMessage('INFO', 'x'.repeat(1000)))
}

/** Whether a promise is still pending after the event loop has run all other callbacks. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  return await Promise.race([promise.then(() => false), sleep(20).then(() => true)])
}

describe('Output', () => {
  it('writes messages in their order, one per line', async () => {
    using pipe = new Pipe()
    const output = new Output(pipe.writeFd)
    for (let i = 0; i < 100; i++) output.write(logMessage('INFO', String(i)))
    await output.flush()
    const expected = Array.from({ length: 100 }, (_, index) => `${line(index)}\n`).join('')
    expect(pipe.take()).to.equal(expected)
    expect(output.writtenBytes).to.equal(expected.length)
  })

  it('writes every byte once and in order to a full pipe and with partial writes', async () => {
    using pipe = new Pipe()
    const output = new Output(pipe.writeFd)
    const expected: string[] = []
    const writing = (async () => {
      for (let i = 0; i < 2000; i++) {
        output.write(logMessage('INFO', `${i}${'x'.repeat(1000)}`))
        expected.push(`${line(i, 1000)}\n`)
        await output.drain()
      }
      await output.flush()
    })()
    expect(await pipe.takeUntil(writing)).to.equal(expected.join(''))
    expect(output.writtenBytes).to.be.above(PIPE_BYTES)
  })

  it('writes every line once when several producers append and drain at the same time', async () => {
    using pipe = new Pipe()
    const output = new Output(pipe.writeFd)
    const produce = async (producer: number): Promise<string[]> => {
      const lines = Array.from({ length: 1000 }, (_, i) => line(producer * 1000 + i, 2000))
      for (const each of lines) {
        output.buffer.utf8(`${each}\n`)
        await output.drain()
      }
      return lines
    }
    const lines: string[] = []
    const writing = Promise.all([0, 1, 2].map(produce)).then(async (produced) => {
      lines.push(...produced.flat())
      await output.flush()
    })
    const written = (await pipe.takeUntil(writing)).split('\n').slice(0, -1)
    expect(written.toSorted()).to.deep.equal(lines.toSorted())
  })

  it('writes every line once when one producer flushes while others drain', async () => {
    using pipe = new Pipe()
    const output = new Output(pipe.writeFd)
    const lines = Array.from({ length: 2000 }, (_, i) => line(i, 2000))
    const writing = Promise.all(
      lines.map(async (each, index) => {
        output.buffer.utf8(`${each}\n`)
        await (index % 100 === 0 ? output.flush() : output.drain())
      }),
    ).then(() => output.flush())
    const written = (await pipe.takeUntil(writing)).split('\n').slice(0, -1)
    expect(written).to.deep.equal(lines)
  })

  it('writes a line of more than 2^31 bytes', async () => {
    const length = 2 ** 31 + 1
    const output = new Output(openSync('/dev/null', constants.O_WRONLY))
    output.buffer.reserve(length)
    output.buffer.bytes[length - 1] = 0x0a
    output.buffer.length = length
    await output.flush()
    expect(output.writtenBytes).to.equal(length)
  })

  it('accepts a line that is longer than all of its buffers', async () => {
    using pipe = new Pipe()
    const output = new Output(pipe.writeFd)
    output.write(logMessage('INFO', `0${'x'.repeat(5_000_000)}`))
    output.write(logMessage('INFO', '1'))
    const text = await pipe.takeUntil(output.flush())
    expect(text === `${line(0, 5_000_000)}\n${line(1)}\n`).to.equal(true)
    expect(output.buffer.bytes.length).to.be.at.most(5_100_000)
    output.write(logMessage('INFO', '2'))
    expect(await pipe.takeUntil(output.flush())).to.equal(`${line(2)}\n`)
    expect(output.buffer.bytes.length).to.be.at.most(FULL_BYTES)
  })

  it('waits if the consumer does not read, and keeps at most two buffers', async () => {
    using pipe = new Pipe()
    const output = new Output(pipe.writeFd)
    fill(output, FULL_BYTES)
    await output.drain()
    fill(output, FULL_BYTES - 2000)
    await output.drain()
    fill(output, FULL_BYTES)
    const blocked = output.drain()
    expect(await isPending(blocked)).to.equal(true)
    expect(output.buffer.bytes.length).to.be.at.most(2 * FULL_BYTES)
    expect(output.writtenBytes).to.be.at.most(PIPE_BYTES)
    await pipe.takeUntil(blocked)
    await pipe.takeUntil(output.flush())
    expect(output.waitedMs).to.be.above(0)
  })

  it('writes a small amount of data from a slow source without a flush', async () => {
    using pipe = new Pipe()
    const output = new Output(pipe.writeFd)
    output.write(logMessage('INFO', '0'))
    let text = ''
    while (text === '') {
      await sleep(5)
      text = pipe.take()
    }
    expect(text).to.equal(`${line(0)}\n`)
    output.buffer.utf8('{"a":1}\n')
    await output.drain()
    for (text = ''; text === ''; text = pipe.take()) await sleep(5)
    expect(text).to.equal('{"a":1}\n')
  })

  it('writes a small batch from a slow source, for which a STATE waits, without a flush', async () => {
    using pipe = new Pipe()
    const output = new Output(pipe.writeFd, { unit: 'bytes' })
    output.buffer.utf8('batch')
    await output.drain()
    let text = ''
    for (const deadlineMs = performance.now() + 10_000; text === '';) {
      if (performance.now() > deadlineMs) throw new Error('nothing was written')
      await sleep(5)
      text = pipe.take()
    }
    expect(text).to.equal('batch')
  })

  it('sync succeeds for a pipe, which cannot be synced', async () => {
    using pipe = new Pipe()
    await new Output(pipe.writeFd).sync()
  })

  it('drops a line whose writer failed', async () => {
    using pipe = new Pipe()
    const output = new Output(pipe.writeFd)
    output.buffer.utf8('{"whole":1}\n{"torn":')
    output.write(logMessage('INFO', '0'))
    output.buffer.utf8('{"torn')
    await output.flush()
    expect(pipe.take()).to.equal(`{"whole":1}\n${line(0)}\n`)
    output.buffer.utf8('{"torn')
    await output.flush()
    expect(pipe.take()).to.equal('')
  })

  it('fails with OutputClosedError as soon as the consumer has closed the pipe', async () => {
    using pipe = new Pipe()
    const closings: unknown[] = []
    const output = new Output(pipe.writeFd, { onFailure: (error) => closings.push(error) })
    pipe.closeReader()
    output.write(logMessage('INFO', '0'))
    while (closings.length === 0) await sleep(5)
    const failure: unknown = await output.flush().catch((error: unknown) => error)
    expect(failure).to.be.an.instanceOf(OutputClosedError)
    expect(closings).to.deep.equal([failure])
    fill(output, FULL_BYTES)
    const again: unknown = await output.drain().catch((error: unknown) => error)
    expect(again).to.equal(failure)
  })

  for (const [path, flags, options, reason] of [
    ['/dev/null', constants.O_RDONLY, {}, 'stdout: it is not open for writing (EBADF)'],
    ['/dev/full', constants.O_WRONLY, {}, 'stdout: the disk is full (ENOSPC)'],
    ['/dev/full', constants.O_WRONLY, { path: 'stderr' }, 'stderr: the disk is full (ENOSPC)'],
  ] as const) {
    it(`fails with a config_error for ${reason}`, async () => {
      const failures: unknown[] = []
      const output = new Output(openSync(path, flags), {
        ...options,
        onFailure: (error) => failures.push(error),
      })
      output.write(logMessage('INFO', '0'))
      while (failures.length === 0) await sleep(5)
      const failure: unknown = await output.flush().catch((error: unknown) => error)
      expect(failure).to.have.property('failureType', 'config_error')
      expect(failure).to.have.property('message').that.includes(`written to ${reason}`)
      expect(failures).to.deep.equal([failure])
    })
  }
})
