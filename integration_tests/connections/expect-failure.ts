import { expect } from 'chai'
import { withConnector } from '../helpers/connector.ts'
import { SECRET } from './tls-world.ts'

const PREFIX =
  'Could not connect with provided configuration. Error: Failed to create connection pool: '

/** Runs `check`: it must fail with just this message, end with 0, and tell no secret. */
export async function expectFailure(config: unknown, message: string): Promise<void> {
  await using connector = await withConnector(config)
  const run = await connector.check()
  expect(run.connectionStatus?.message).to.equal(`${PREFIX}${message}`)
  expect(run.connectionStatus?.status).to.equal('FAILED')
  expect(run.code).to.equal(0)
  for (const output of [run.stdout, run.stderr]) {
    expect(output).not.to.include(SECRET)
    expect(output).not.to.match(/-----BEGIN/)
  }
}

/** `text` with the words in capitals that `values` has replaced by what they stand for. */
export function fillIn(text: string, values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values).reduce(
    (filled, [word, value]) => filled.replaceAll(word, String(value)),
    text,
  )
}
