import { fstatSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { isatty } from 'node:tty'
import type { Message } from '../protocol/messages.ts'
import { CLEAR_LINE, readableMessage } from './readable-message.ts'

/** File descriptors of the messages and of stderr, and a function that opens stderr. */
interface Targets {
  readonly messagesFd: number
  readonly stderrFd: number
  readonly openStderr: () => Writable
}

/**
 * Returns a function that prints warnings and errors on stderr if the messages go to a file, or are
 * redirected on a terminal. Not if they go to a pipe: Airbyte would log them twice.
 */
export function messagePrinter(targets: Targets): ((message: Message) => void) | undefined {
  const { messagesFd, stderrFd, openStderr } = targets
  const isTerminal = isatty(stderrFd)
  if (isatty(messagesFd) || !(isTerminal || isSeparateFile(messagesFd, stderrFd))) return undefined
  const stderr = openStderr()
  // Stderr may be closed. The messages are complete without it
  stderr.on('error', () => undefined)
  return (message) => {
    const text = readableMessage(message)
    if (text !== null) stderr.write(`${isTerminal ? CLEAR_LINE : ''}${text}\n`)
  }
}

/** Whether a descriptor is that of a file, and the other one is not that of the same file. */
function isSeparateFile(fd: number, otherFd: number): boolean {
  const [file, other] = [fstatSync(fd), fstatSync(otherFd)]
  return file.isFile() && (file.dev !== other.dev || file.ino !== other.ino)
}
