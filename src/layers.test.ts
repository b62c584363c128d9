import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Compiled to dist/src, so that two levels up is the checkout. */
const SOURCE = fileURLToPath(new URL('../../src', import.meta.url))

/** Lowest first. A layer is a folder of src or a file in it; those of one rank do not know each other. */
const LAYERS = [
  ['errors.ts', 'sql.ts', 'lsn.ts'],
  ['protocol'],
  ['config'],
  ['wire'],
  ['types'],
  ['postgres'],
  ['records', 'arrow', 'catalog'],
  ['state'],
  ['replication'],
  ['commands'],
  ['cli.ts'],
  ['main.ts'],
]

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*'(\.{1,2}\/[^']+)'/g
const COMMENT = /\/\*[^]*?\*\/|(?<!['"`:])\/\/[^\n]*/g
const PROCESS = /\bprocess\s*[.[]\s*['\w]|\bglobalThis\.process|['"](?:node:)?process['"]/

const FILES = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => path.replaceAll(sep, '/'))

describe('layers', () => {
  it('every file of src belongs to one', () => {
    expect(FILES).to.have.length.above(50)
    expect(FILES.filter((file) => rankOf(file) === -1)).to.deep.equal([])
  })

  it('a file imports from its own folder or a lower one', () => {
    expect(FILES.flatMap(upwardImports)).to.deep.equal([])
  })

  it('only main.ts touches the process', () => {
    const touching = FILES.filter((file) => PROCESS.test(codeOf(file)))
    expect(touching).to.deep.equal(['main.ts'])
  })

  it('nothing is called utils, helpers, common or manager', () => {
    expect(
      FILES.filter((file) => /utils?\b|helpers?\b|common\b|manager\b/.test(file)),
    ).to.deep.equal([])
  })

  for (const [file, imported, isAllowed] of [
    ['catalog/stream.ts', 'catalog/relation.ts', true],
    ['catalog/stream.ts', 'types/pg-type.ts', true],
    ['main.ts', 'errors.ts', true],
    ['errors.ts', 'sql.ts', true],
    ['types/text.ts', 'catalog/stream.ts', false],
    ['records/record-encoder.ts', 'catalog/stream.ts', false],
    ['cli.ts', 'main.ts', false],
    ['errors.ts', 'protocol/messages.ts', false],
  ] as const) {
    it(`${file} ${isAllowed ? 'may' : 'may not'} import ${imported}`, () => {
      expect(mayImport(file, imported)).to.equal(isAllowed)
    })
  }
})

function upwardImports(file: string): string[] {
  return [...codeOf(file).matchAll(IMPORT)]
    .map(([, path = '']) =>
      relative(SOURCE, join(SOURCE, dirname(file), path)).replaceAll(sep, '/'),
    )
    .filter((imported) => imported.endsWith('.ts') && !mayImport(file, imported))
    .map((imported) => `${file} imports ${imported}`)
}

function mayImport(file: string, imported: string): boolean {
  if (dirname(file) === dirname(imported) && rankOf(file) === rankOf(imported)) return true
  return rankOf(imported) !== -1 && rankOf(imported) < rankOf(file)
}

function rankOf(file: string): number {
  const [layer = ''] = file.split('/')
  return LAYERS.findIndex((layers) => layers.includes(layer))
}

function codeOf(file: string): string {
  return readFileSync(join(SOURCE, file), 'utf8').replaceAll(COMMENT, '')
}
