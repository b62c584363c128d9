import { basicReadSection } from '../acceptance/sections/basic-read.ts'
import { connectionSection } from '../acceptance/sections/connection.ts'
import { discoverySection } from '../acceptance/sections/discovery.ts'
import { incrementalSection } from '../acceptance/sections/incremental.ts'
import { specSection } from '../acceptance/sections/spec.ts'
import { ImageSubject } from './image-subject.ts'

describe('acceptance of the image', () => {
  let subject: ImageSubject

  before(async () => {
    subject = await ImageSubject.create()
  })

  after(async () => {
    await subject[Symbol.asyncDispose]()
  })

  specSection(() => subject)
  connectionSection(() => subject)
  discoverySection(() => subject)
  basicReadSection(() => subject)
  incrementalSection(() => subject)
})
