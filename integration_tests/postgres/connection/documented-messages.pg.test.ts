import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { CHECKOUT } from '../../helpers/checkout.ts'
import { TLS_MISTAKES } from './misconfigurations.ts'
import { SERVER_MISTAKES } from './server-misconfigurations.ts'
import { SSH_MISTAKES } from './ssh-misconfigurations.ts'

const PAGE = `${CHECKOUT}docs/connections-and-troubleshooting.md`

/** The cells of its tables, however they are padded. */
const CELLS = new Set(readFileSync(PAGE, 'utf8').split(/ *\| */))

describe('docs/connections-and-troubleshooting.md', () => {
  for (const { mistake, message } of [...SERVER_MISTAKES, ...TLS_MISTAKES, ...SSH_MISTAKES]) {
    it(`has the message of check: ${mistake}`, () => {
      expect(CELLS.has(mistake), mistake).to.equal(true)
      expect(CELLS.has(message), message).to.equal(true)
    })
  }
})
