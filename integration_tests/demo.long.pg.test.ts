import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { CHECKOUT } from './helpers/checkout.ts'

const execute = promisify(execFile)

describe('the demo', () => {
  it('runs both parts, and all results are as expected', async () => {
    // An unexpected result ends it with code 1, which rejects
    const { stdout } = await execute(process.execPath, [`${CHECKOUT}dist/examples/demo.js`])
    expect(stdout).to.include('Change data capture (CDC) reads the write-ahead log')
    expect(stdout).to.match(/\nAll results are as expected \([\d.]+ s\)\.\n$/)
    expect(stdout).to.not.include('✗')
    for (const line of stdout.split('\n')) expect(line.length).to.be.at.most(100)
  })
})
