import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import manifest from '../package.json' with { type: 'json' }

const { version } = manifest

describe('the version of package.json', () => {
  for (const [file, pattern] of [
    ['package-lock.json', /^ {2}"version": "(.+)",$/m],
    ['metadata.yaml', /^ {2}dockerImageTag: (.+)$/m],
    ['Dockerfile', /^ARG VERSION=(.+)$/m],
    ['integrations/spark/pyproject.toml', /^version = "(.+)"$/m],
    ['CHANGELOG.md', /^## \[(\d.+)\]/m],
  ] as const) {
    it(`is the version of ${file}`, () => {
      const path = fileURLToPath(new URL(`../../${file}`, import.meta.url))
      expect(readFileSync(path, 'utf8').match(pattern)?.[1]).to.equal(version)
    })
  }
})
