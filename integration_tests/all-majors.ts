import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { SUPPORTED_MAJORS } from './helpers/binaries.ts'

/**
 * Runs the tests of the type system, or the patterns given as arguments, on every major in
 * sequence.
 */
const DEFAULT_PATTERNS = ['types', 'wire'].map((folder) => here(`${folder}/**/*.pg.test.js`))
const MOCHA = createRequire(import.meta.url).resolve('mocha/bin/mocha.js')

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}

async function runOn(major: number, patterns: readonly string[]): Promise<boolean> {
  const setup = here('helpers/shared-server.js')
  const args = [MOCHA, '--require', setup, '--timeout', '120000', '--reporter', 'dot', ...patterns]
  const env = { ...process.env, PG_VERSION: String(major) }
  const startedMs = Date.now()
  process.stdout.write(`PostgreSQL ${major}\n`)
  const child = spawn(process.execPath, args, { env, stdio: 'inherit' })
  await once(child, 'exit')
  const hasPassed = child.exitCode === 0
  const seconds = Math.round((Date.now() - startedMs) / 1000)
  process.stdout.write(`PostgreSQL ${major}: ${hasPassed ? 'passed' : 'FAILED'} in ${seconds} s\n`)
  return hasPassed
}

const given = process.argv.slice(2)
const failed: number[] = []
for (const major of SUPPORTED_MAJORS) {
  if (!(await runOn(major, given.length > 0 ? given : DEFAULT_PATTERNS))) failed.push(major)
}
if (failed.length > 0) {
  process.stdout.write(`Failed on PostgreSQL ${failed.join(', ')}\n`)
  process.exitCode = 1
}
