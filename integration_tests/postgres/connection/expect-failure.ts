import { expect } from 'chai'
import { withConnector } from '../../helpers/connector.ts'
import { SECRET } from './tls/tls-world.ts'

const POOL = 'Failed to create connection pool: '
const PREFIX = `Could not connect with provided configuration. Error: ${POOL}`

/**
 * Runs `check` and `read`: both must fail with exactly this message, exit with 0 and 1, and print
 * no secret.
 */
export async function expectFailure(config: unknown, message: string): Promise<void> {
  await using connector = await withConnector(config)
  const run = await connector.check()
  expect(run.connectionStatus?.message).to.equal(`${PREFIX}${message}`)
  expect(run.connectionStatus?.status).to.equal('FAILED')
  expect(run.code).to.equal(0)
  const read = await connector.read()
  expect(read.errors.map((error) => error.message)).to.deep.equal([`${POOL}${message}`])
  expect(read.code).to.equal(1)
  for (const output of [run.stdout, run.stderr, read.stdout, read.stderr]) {
    expect(output).not.to.include(SECRET)
    expect(output).not.to.match(/-----BEGIN/)
  }
}

/** Replaces the words in capitals that `values` contains. */
export function fillIn(text: string, values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values).reduce(
    (filled, [word, value]) => filled.replaceAll(word, String(value)),
    text,
  )
}
