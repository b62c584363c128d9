import { expect } from 'chai'
import type { StateThunk } from '../replication/feed.ts'
import { streamState } from '../protocol/messages.ts'
import { Checkpointer } from './checkpointer.ts'

const CONFIG = { batchSize: 10, checkpointIntervalMs: 1000 }

function open(): Checkpointer {
  return new Checkpointer(CONFIG, 0)
}

function stateAt(at: number): StateThunk {
  return () => streamState({ name: 't', namespace: 'public' }, { at })
}

describe('Checkpointer', () => {
  it('emits a state after batch_size rows', () => {
    const checkpointer = open()
    checkpointer.count(9)
    expect(checkpointer.reach(stateAt(9), 1)).to.equal(null)
    checkpointer.count(1)
    const message = checkpointer.reach(stateAt(10), 1)
    expect(message?.type).to.equal('STATE')
    expect(message?.state).to.deep.include(stateAt(10)())
  })

  it('emits a state after the interval, whatever the number of rows', () => {
    const checkpointer = open()
    expect(checkpointer.reach(stateAt(0), 999)).to.equal(null)
    expect(checkpointer.reach(stateAt(0), 1000)).to.not.equal(null)
    expect(checkpointer.reach(stateAt(0), 1999)).to.equal(null)
  })

  it('returns the last state that was not emitted, once', () => {
    const checkpointer = open()
    checkpointer.count(3)
    checkpointer.reach(stateAt(3), 1)
    const message = JSON.stringify(checkpointer.take(1))
    expect(message).to.contain('"at":3').and.to.contain('3.0')
    expect(checkpointer.take(1)).to.equal(null)
  })

  it('counts all records between two states, also those after the emitted state', () => {
    const checkpointer = open()
    checkpointer.count(10)
    checkpointer.reach(stateAt(0), 1)
    checkpointer.count(4)
    checkpointer.reach(stateAt(0), 1)
    checkpointer.count(2)
    expect(JSON.stringify(checkpointer.take(1))).to.contain('6.0')
  })
})
