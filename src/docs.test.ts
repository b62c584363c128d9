import { expect } from 'chai'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { format } from 'prettier'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PAGES = [
  ...readdirSync(ROOT).map((name) => join(ROOT, name)),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) =>
    join(ROOT, 'docs', name),
  ),
].filter((path) => path.endsWith('.md'))

const MAX_README_LINES = 150
const LINK = /!?\[[^\]]*\]\(([^)\s]+)\)/g
const CODE = /^```[^]*?^```$|`[^`\n]*`/gm
/** Matches a file or folder of the checkout in code formatting. */
const FILE = /`((?:assembly|bench|docs|examples|integration_tests|scripts|src)\/[\w./-]*)`/g
const HEADING = /^#+ +(.+)$/gm
/** Matches an example whose syntax can be checked. */
const EXAMPLE = /^```(yaml|json)\n([^]*?)^```$/gm

describe('documentation', () => {
  it(`README.md has at most ${MAX_README_LINES} lines`, () => {
    expect(readPage('README.md').split('\n')).to.have.length.at.most(MAX_README_LINES)
  })

  it('README.md links every page under docs/', () => {
    const linked = linksOf(readPage('README.md')).map((link) => join(ROOT, link))
    const pages = PAGES.filter((page) => page.startsWith(join(ROOT, 'docs/')))
    expect(pages.filter((page) => !linked.includes(page)).map(shortPath)).to.deep.equal([])
  })

  for (const page of PAGES) {
    it(`the relative links of ${shortPath(page)} have a target`, () => {
      const links = linksOf(readFileSync(page, 'utf8'))
      expect(links.filter((link) => !hasTarget(page, link))).to.deep.equal([])
    })
  }

  for (const page of PAGES) {
    it(`the files named in ${shortPath(page)} exist`, () => {
      const named = [...readFileSync(page, 'utf8').matchAll(FILE)].map(([, path = '']) => path)
      expect(named.filter((path) => !existsSync(join(ROOT, path)))).to.deep.equal([])
    })
  }

  for (const page of PAGES) {
    it(`the YAML and JSON in ${shortPath(page)} is valid`, async () => {
      for (const [, parser = '', text = ''] of readFileSync(page, 'utf8').matchAll(EXAMPLE)) {
        await format(text, { parser })
      }
    })
  }

  for (const [link, exists] of [
    ['docs/types.md', true],
    ['docs/types.md#types', true],
    ['#docker', true],
    ['docs', true],
    ['docs/no-such-page.md', false],
    ['docs/types.md#no-such-heading', false],
    ['#no-such-heading', false],
  ] as const) {
    it(`${link} in README.md ${exists ? 'has a' : 'has no'} target`, () => {
      expect(hasTarget(join(ROOT, 'README.md'), link)).to.equal(exists)
    })
  }
})

function readPage(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8')
}

function shortPath(page: string): string {
  return relative(ROOT, page)
}

/** Returns the relative links of a page, without links to other sites. */
function linksOf(text: string): string[] {
  return [...text.replaceAll(CODE, '').matchAll(LINK)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
}

function hasTarget(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (!existsSync(target)) return false
  if (anchor === undefined) return true
  return statSync(target).isFile() && anchorsOf(readFileSync(target, 'utf8')).has(anchor)
}

/** Returns the anchors that GitHub generates for the headings of a page. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.replaceAll(/^```[^]*?^```$/gm, '').matchAll(HEADING)
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
