import { expect } from 'chai'
import { CONFIGURED_CATALOG, EXPECTED_RECORDS } from '../acceptance/fixtures.ts'
import type { Files, Outcome } from '../acceptance/subject.ts'
import { ContainerRun } from './docker.ts'
import { type ImageOptions, ImageSubject, toMessages } from './image-subject.ts'
import { IMAGE } from './shared-world.ts'

/** Ways in which orchestrators run images. */
const WAYS: Readonly<Record<string, ImageOptions>> = {
  'with files that it may write, in /secrets': { mountPoint: '/secrets', mountMode: 'rw' },
  'with files that it may only read, in /config': { mountPoint: '/config', mountMode: 'ro' },
  'with files below /airbyte/tmp, as PyAirbyte': { mountPoint: '/airbyte/tmp', mountMode: 'rw' },
  'with files in a place with a space and umlauts': { mountPoint: '/Daten für uns' },
  'with a root file system that it may only read': { options: ['--read-only'] },
  'without capabilities, as a user without a name': {
    options: ['--cap-drop=ALL', '--security-opt=no-new-privileges', '--user=54321:0'],
  },
}

describe('the image in an orchestrator', () => {
  let subject: ImageSubject
  let files: Files

  before(async () => {
    subject = await ImageSubject.create()
    files = { config: subject.config, catalog: CONFIGURED_CATALOG, state: [] }
  })

  after(async () => {
    await subject[Symbol.asyncDispose]()
  })

  for (const [title, options] of Object.entries(WAYS)) {
    it(`runs all commands ${title}`, async () => {
      const { config } = subject
      expectTypes(await subject.run('spec', {}, options), ['SPEC'])
      expectTypes(await subject.run('check', { config }, options), ['CONNECTION_STATUS'])
      expectTypes(await subject.run('discover', { config }, options), ['CATALOG'])
      const outcome = await subject.run('read', files, options)
      expectTypes(outcome, ['RECORD', 'STATE'])
      const records = outcome.messages.filter(({ type }) => type === 'RECORD')
      expect(records).to.have.length(EXPECTED_RECORDS.length)
    })
  }

  it('reads files that begin with a byte order mark', async () => {
    const marked = Object.fromEntries(
      Object.entries(files).map(([name, content]) => [name, `\uFEFF${JSON.stringify(content)}`]),
    )
    expectTypes(await subject.run('read', marked), ['RECORD', 'STATE'])
  })

  it('starts in a shell from AIRBYTE_ENTRYPOINT, like on Kubernetes', async () => {
    const script = '$AIRBYTE_ENTRYPOINT spec | cat'
    await using run = new ContainerRun(['--entrypoint', 'sh', IMAGE, '-c', script])
    const { stdout, code } = await run.output()
    expect(code).to.equal(0)
    expect(toMessages(stdout).map(({ type }) => type)).to.deep.equal(['SPEC'])
  })

  it('reports a mounted file that does not exist', async () => {
    await using run = new ContainerRun([IMAGE, 'discover', '--config', '/secrets/nothing.json'])
    const { stdout, code } = await run.output()
    expect(code).to.equal(1)
    expect(toMessages(stdout).at(-1)?.trace?.error?.message).to.contain('/secrets/nothing.json')
  })

  it('exits with 2 and a hint without a command', async () => {
    await using run = new ContainerRun([IMAGE])
    const { stdout, code, stderr } = await run.output()
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' })
    expect(stderr).to.contain('--help')
  })
})

function expectTypes({ code, messages, stderr }: Outcome, types: readonly string[]): void {
  expect(code, stderr).to.equal(0)
  expect(messages.map(({ type }) => type)).to.include.members([...types])
}
