import { expect } from 'chai'
import { Checkpointer } from './checkpointer.ts'

const DESCRIPTOR = { name: 't', namespace: 'public' }
const CONFIG = { batchSize: 10, checkpointIntervalMs: 1000 }

function open(): Checkpointer {
  return new Checkpointer(DESCRIPTOR, CONFIG, { state: null, nowMs: 0 })
}

describe('Checkpointer', () => {
  it('waits for batch_size rows', () => {
    const checkpointer = open()
    checkpointer.count(9)
    expect(checkpointer.reach(() => ({ at: 9 }), 1)).to.equal(null)
    checkpointer.count(1)
    expect(checkpointer.reach(() => ({ at: 10 }), 1)).to.deep.include({ type: 'STATE' })
    expect(checkpointer.state).to.deep.equal({ at: 10 })
  })

  it('does not wait for rows longer than the interval', () => {
    const checkpointer = open()
    expect(checkpointer.reach(() => ({}), 999)).to.equal(null)
    expect(checkpointer.reach(() => ({}), 1000)).to.not.equal(null)
    expect(checkpointer.reach(() => ({}), 1999)).to.equal(null)
  })

  it('gives the last state that was passed over, once', () => {
    const checkpointer = open()
    checkpointer.count(3)
    checkpointer.reach(() => ({ at: 3 }), 1)
    const message = JSON.stringify(checkpointer.take(1))
    expect(message).to.contain('"at":3').and.to.contain('3.0')
    expect(checkpointer.take(1)).to.equal(null)
  })

  it('counts records between two states, also those behind the state', () => {
    const checkpointer = open()
    checkpointer.count(10)
    checkpointer.reach(() => ({}), 1)
    checkpointer.count(4)
    checkpointer.reach(() => ({}), 1)
    checkpointer.count(2)
    expect(JSON.stringify(checkpointer.take(1))).to.contain('6.0')
  })
})
