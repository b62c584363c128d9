import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('../../../../src', import.meta.url))
/** Matches imports that load a module, unlike imports of types. */
const ARROW_IMPORT = /^import (?!type\b)[^;]*?from '(?:apache-arrow[^']*|\.{1,2}\/arrow\/[^']*)'/m
/** Matches the files that are loaded on demand. */
const ARROW_FILE = /^writers\/arrow\//

describe('apache-arrow', () => {
  it('is imported only by files that are loaded on demand', () => {
    const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !ARROW_FILE.test(path),
    )
    expect(files).to.have.length.above(50)
    const loading = files.filter((path) =>
      ARROW_IMPORT.test(readFileSync(join(SOURCE, path), 'utf8')),
    )
    expect(loading).to.deep.equal([])
  })
})
