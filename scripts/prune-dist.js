import { existsSync, readdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const CHECKOUT = fileURLToPath(new URL('..', import.meta.url))
const PROJECTS = ['src', 'integration_tests', 'bench', 'examples']
const COMPILED = /(\.d\.ts|\.js)$/

// tsc does not delete the output of a deleted or renamed source, and mocha would still run it
for (const project of PROJECTS) {
  const directory = `${CHECKOUT}dist/${project}`
  if (!existsSync(directory)) continue
  for (const path of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (!COMPILED.test(path)) continue
    const source = `${CHECKOUT}${project}/${path.replace(COMPILED, '.ts')}`
    if (!existsSync(source)) rmSync(`${directory}/${path}`)
  }
}
