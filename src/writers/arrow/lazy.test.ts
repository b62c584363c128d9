import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('../../../../src', import.meta.url))
/** An import that loads something: types are gone at run time. */
const ARROW_IMPORT = /^import (?!type\b)[^;]*?from '(?:apache-arrow[^']*|\.{1,2}\/arrow\/[^']*)'/m
/** The files that are loaded on demand. */
const ARROW_FILE = /^writers\/arrow\//

describe("Arrow's library", () => {
  it('is loaded only by what needs it', () => {
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
