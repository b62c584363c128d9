import type { Run } from '../integration_tests/helpers/connector.ts'
import { printLines, shortened } from '../integration_tests/helpers/report.ts'

export const SAMPLE_WIDTH = 240
const LINE_WIDTH = 110

/** Unexpected results in all parts of the demo. */
export const unexpected: string[] = []

export function expectThat(isTrue: boolean, message: string): void {
  if (!isTrue) unexpected.push(message)
}

export function expectCode(run: Run, code: number, command: string): void {
  for (const { message } of run.errors) printLines(`error: ${message}`)
  if (run.code === code) return
  unexpected.push(`${command} ended with ${run.code ?? run.signal}\n${run.stderr.slice(-1000)}`)
}

export function showCommand(...parts: readonly string[]): void {
  printLines('', '─'.repeat(LINE_WIDTH), `$ source-postgres ${parts.join(' ')}`)
}

export function showConnectionStatus({ connectionStatus }: Run): void {
  const message = connectionStatus?.message
  printLines(
    `${connectionStatus?.status ?? 'nothing'}${message === undefined ? '' : `: ${message}`}`,
  )
}

/** Formats a line of JSON, cut to the width of the demo. */
export function sample(value: unknown): string {
  return shortened(JSON.stringify(value), SAMPLE_WIDTH)
}
