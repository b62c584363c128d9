import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { TLS_MISTAKES } from './misconfigurations.ts'
import { SERVER_MISTAKES } from './server-misconfigurations.ts'
import { SSH_MISTAKES } from './ssh-misconfigurations.ts'

const README = readFileSync(fileURLToPath(new URL('../../../README.md', import.meta.url)), 'utf8')
const [, TROUBLESHOOTING = ''] = README.split(/^## Troubleshooting$/m)
/** The cells of its tables, however they are padded. */
const CELLS = new Set(TROUBLESHOOTING.split(/^## /m)[0]?.split(/ *\| */))

describe('README, Troubleshooting', () => {
  for (const { mistake, message } of [...SERVER_MISTAKES, ...TLS_MISTAKES, ...SSH_MISTAKES]) {
    it(`has what check says: ${mistake}`, () => {
      expect(CELLS.has(mistake), mistake).to.equal(true)
      expect(CELLS.has(message), message).to.equal(true)
    })
  }
})
