import { expect } from 'chai'
import { choicesOf, CONFIG_SCHEMA } from '../config/schema.ts'
import { METHODS } from './methods.ts'

describe('METHODS', () => {
  it('has a method for each branch of replication_method in spec.json', () => {
    const names = choicesOf(CONFIG_SCHEMA.properties!['replication_method']!)
    expect(names).to.include('Xmin')
    expect(METHODS.map(({ name }) => name)).to.have.members(names)
  })
})
