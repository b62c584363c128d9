import { basicReadSection } from './sections/basic-read.ts'
import { connectionSection } from './sections/connection.ts'
import { discoverySection } from './sections/discovery.ts'
import { specSection } from './sections/spec.ts'
import { commandSubject, type Subject } from './subject.ts'

describe('acceptance of the command', () => {
  let subject: Subject

  before(async () => {
    subject = await commandSubject()
  })

  after(async () => {
    await subject[Symbol.asyncDispose]()
  })

  specSection(() => subject)
  connectionSection(() => subject)
  discoverySection(() => subject)
  basicReadSection(() => subject)
})
