import { expect } from 'chai'
import { startupOptions, textSettings } from './text-settings.ts'

describe('startupOptions', () => {
  it('escapes blanks and backslashes', () => {
    expect(startupOptions({ DateStyle: 'ISO, YMD', TimeZone: 'a\\b\tc' })).to.equal(
      '-c DateStyle=ISO,\\ YMD -c TimeZone=a\\\\b\\\tc',
    )
  })
})

describe('textSettings', () => {
  it('has only the settings of the version', () => {
    expect(textSettings({ major: 16 })).not.to.have.property('transaction_timeout')
    expect(textSettings({ major: 17 })).to.have.property('transaction_timeout', '0')
  })
})
