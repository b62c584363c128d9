import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { CHECKOUT } from '../../helpers/checkout.ts'
import { CDC_MISTAKES } from './cdc-mistakes.ts'

const PAGE = readFileSync(`${CHECKOUT}docs/cdc.md`, 'utf8')

/** Rows of the tables with two columns, without padding. */
const ROWS = new Set([...PAGE.matchAll(/^\| (.+?) +\| `(.+)` +\|$/gm)].map(rowOf))

function rowOf([, mistake = '', message = '']: readonly string[]): string {
  return `${mistake} → ${message}`
}

describe('docs/cdc.md', () => {
  it('documents at least thirty mistakes', () => {
    expect(CDC_MISTAKES).to.have.length.above(29)
  })

  for (const { mistake, message } of CDC_MISTAKES) {
    it(`contains the message: ${mistake}`, () => {
      expect(ROWS.has(`${mistake} → ${message}`), message).to.equal(true)
    })
  }
})
