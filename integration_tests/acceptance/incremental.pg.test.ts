import { incrementalSection } from './sections/incremental.ts'
import { commandSubject, type Subject } from './subject.ts'

describe('acceptance of the command, incremental', () => {
  let subject: Subject

  before(async () => {
    subject = await commandSubject()
  })

  after(async () => {
    await subject[Symbol.asyncDispose]()
  })

  incrementalSection(() => subject)
})
