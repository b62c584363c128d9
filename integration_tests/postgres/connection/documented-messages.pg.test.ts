import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { CHECKOUT } from '../../helpers/checkout.ts'
import { ENTRA_MISTAKES } from './entra/entra-misconfigurations.ts'
import { TLS_MISTAKES } from './misconfigurations.ts'
import { SERVER_MISTAKES } from './server-misconfigurations.ts'
import { SSH_MISTAKES } from './ssh-misconfigurations.ts'

const PAGE = `${CHECKOUT}docs/connections-and-troubleshooting.md`

/** Cells of the tables, without padding. */
const CELLS = new Set(readFileSync(PAGE, 'utf8').split(/ *\| */))

const MISTAKES = [...SERVER_MISTAKES, ...TLS_MISTAKES, ...SSH_MISTAKES, ...ENTRA_MISTAKES]

describe('docs/connections-and-troubleshooting.md', () => {
  for (const { mistake, message } of MISTAKES) {
    it(`contains the message of check: ${mistake}`, () => {
      expect(CELLS.has(mistake), mistake).to.equal(true)
      expect(CELLS.has(message), message).to.equal(true)
    })
  }
})
