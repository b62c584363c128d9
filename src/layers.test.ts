import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder `src` of the checkout, from dist/src. */
const SOURCE = fileURLToPath(new URL('../../src', import.meta.url))

/**
 * Layers from the lowest to the highest. A layer is a folder of src or a file in it. Layers of one
 * rank do not import each other.
 */
const LAYERS = [
  ['sql-state.ts'],
  ['server-error.ts'],
  ['errors.ts', 'sql.ts', 'lsn.ts', 'similar-names.ts', 'json', 'bytes'],
  ['protocol'],
  ['config', 'run-context.ts'],
  ['wire'],
  ['types'],
  ['accelerator'],
  ['postgres/connection'],
  ['postgres/copy', 'postgres/walsender'],
  ['postgres/session'],
  ['parallel'],
  ['introspection'],
  ['catalog'],
  ['state'],
  ['replication'],
  ['writers'],
  ['monitoring', 'terminal'],
  ['sync'],
  ['commands'],
  ['cli'],
  ['main.ts'],
]
/** Code for tests only. It is not a layer, so importing it from a layer is an error. */
const TESTING = 'testing/'
/** Maximum number of files in a folder. */
const MAX_FILES = 15

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*'(\.{1,2}\/[^']+)'/g
const COMMENT = /\/\*[^]*?\*\/|(?<!['"`:])\/\/[^\n]*/g
const PROCESS = /\bprocess\s*[.[]\s*['\w]|\bglobalThis\.process|['"](?:node:)?process['"]/

const FILES = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll(sep, '/'))
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .filter((path) => !path.startsWith(TESTING))

describe('layers', () => {
  it('every file of src belongs to a layer', () => {
    expect(FILES).to.have.length.above(50)
    expect(FILES.filter((file) => rankOf(file) === -1)).to.deep.equal([])
  })

  it('a file imports only from its own folder or a lower layer', () => {
    expect(FILES.flatMap(upwardImports)).to.deep.equal([])
  })

  it('no files import each other in a circle', () => {
    expect(circlesOf(FILES)).to.deep.equal([])
  })

  it(`no folder has more than ${MAX_FILES} files`, () => {
    const folders = new Set(FILES.map((file) => dirname(file)))
    const large = [...folders].filter(
      (folder) => FILES.filter((file) => dirname(file) === folder).length > MAX_FILES,
    )
    expect(large).to.deep.equal([])
  })

  it('only main.ts uses the global process', () => {
    const touching = FILES.filter((file) => PROCESS.test(codeOf(file)))
    expect(touching).to.deep.equal(['main.ts'])
  })

  it('no file or folder is called utils, helpers, common or manager', () => {
    expect(
      FILES.filter((file) => /utils?\b|helpers?\b|common\b|manager\b/.test(file)),
    ).to.deep.equal([])
  })

  for (const [file, imported, isAllowed] of [
    ['catalog/stream.ts', 'introspection/relation.ts', true],
    ['replication/methods.ts', 'replication/cursor/cursor.ts', true],
    ['catalog/stream.ts', 'types/pg-type.ts', true],
    ['main.ts', 'errors.ts', true],
    ['errors.ts', 'sql.ts', false],
    ['types/text.ts', 'catalog/stream.ts', false],
    ['postgres/connection/client.ts', 'postgres/session/database.ts', false],
    ['cli/command-line.ts', 'main.ts', false],
    ['errors.ts', 'protocol/messages.ts', false],
  ] as const) {
    it(`${file} ${isAllowed ? 'may' : 'may not'} import ${imported}`, () => {
      expect(mayImport(file, imported)).to.equal(isAllowed)
    })
  }
})

function upwardImports(file: string): string[] {
  return importsOf(file)
    .filter((imported) => !mayImport(file, imported))
    .map((imported) => `${file} imports ${imported}`)
}

function importsOf(file: string): string[] {
  return [...codeOf(file).matchAll(IMPORT)]
    .map(([, path = '']) =>
      relative(SOURCE, join(SOURCE, dirname(file), path)).replaceAll(sep, '/'),
    )
    .filter((imported) => imported.endsWith('.ts'))
}

/**
 * Removes files that import none of the remaining ones until nothing changes; returns the rest,
 * which form circles.
 */
function circlesOf(files: readonly string[]): string[] {
  let left = new Map(files.map((file) => [file, importsOf(file)]))
  for (let size = -1; size !== left.size;) {
    size = left.size
    const known = left
    left = new Map([...known].filter(([, imports]) => imports.some((each) => known.has(each))))
  }
  return [...left.keys()]
}

function mayImport(file: string, imported: string): boolean {
  const layer = layerOf(file)
  if (layer !== null && layer === layerOf(imported)) return true
  return rankOf(imported) !== -1 && rankOf(imported) < rankOf(file)
}

function rankOf(file: string): number {
  return LAYERS.findIndex((layers) => layers.some((layer) => isIn(file, layer)))
}

function layerOf(file: string): string | null {
  return LAYERS.flat().find((layer) => isIn(file, layer)) ?? null
}

function isIn(file: string, layer: string): boolean {
  return file === layer || file.startsWith(`${layer}/`)
}

function codeOf(file: string): string {
  return readFileSync(join(SOURCE, file), 'utf8').replaceAll(COMMENT, '')
}
