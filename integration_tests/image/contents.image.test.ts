import { expect } from 'chai'
import { readText } from '../acceptance/fixtures.ts'
import { grouped, printLines } from '../helpers/report.ts'
import { docker } from './docker.ts'
import { IMAGE, sharedWorld } from './shared-world.ts'

interface Inspected {
  readonly Size: number
  readonly Architecture: string
  readonly Config: {
    readonly User: string
    readonly Env: readonly string[]
    readonly Entrypoint: readonly string[]
    readonly Labels: Readonly<Record<string, string>>
  }
}

const MANIFEST: {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
} = JSON.parse(readText('package.json'))

/** Packages needed only at build time: the compiled validator of the config does not use them. */
const COMPILED_AWAY: ReadonlySet<string> = new Set(['ajv'])
/** Maximum size that the connector may add to the Node.js image. */
const MAX_OWN_BYTES = 5_000_000
const MAX_SPEC_MS = 500
const SPEC_RUNS = 5

describe('the image', () => {
  let inspected: Inspected

  before(async () => {
    await sharedWorld()
    inspected = await inspect(IMAGE)
  })

  it('has an AIRBYTE_ENTRYPOINT equal to its entry point', () => {
    const { Entrypoint: entrypoint, Env: env } = inspected.Config
    expect(env).to.include(`AIRBYTE_ENTRYPOINT=${entrypoint.join(' ')}`)
  })

  it('has labels with its name and the version of package.json', () => {
    const { Labels: labels } = inspected.Config
    expect(labels).to.include({
      'io.airbyte.version': MANIFEST.version,
      'org.opencontainers.image.version': MANIFEST.version,
      'org.opencontainers.image.licenses': 'MIT',
    })
    const repository = /dockerRepository: (\S+)/.exec(readText('metadata.yaml'))?.[1]
    expect(labels['io.airbyte.name']).to.equal(repository)
  })

  it('runs as airbyte, uid and gid 1000, with a home directory', async () => {
    expect(
      await shell('id -u; id -g; id -un; echo $HOME; test -w $HOME && echo writable'),
    ).to.equal('1000\n1000\nairbyte\n/home/airbyte\nwritable\n')
  })

  it('owns the directories in which orchestrators mount files', async () => {
    const owners = await shell('stat -c %u /airbyte /secrets /config /custom_cache /tmp')
    expect(owners).to.equal('1000\n'.repeat(5))
  })

  it('cannot modify its own code', async () => {
    expect(await shell('test -w /airbyte/integration_code/dist/main.js || echo no')).to.equal(
      'no\n',
    )
  })

  it('contains the bundle and the licences of its packages, and no node_modules', async () => {
    expect(await shell('find /airbyte -name node_modules')).to.equal('')
    const licenses = await shell('cat /airbyte/integration_code/dist/LICENSES.txt')
    for (const name of Object.keys(MANIFEST.dependencies)) {
      if (!COMPILED_AWAY.has(name)) expect(licenses).to.match(new RegExp(`^${name} \\d`, 'm'))
    }
  })

  it('contains no tests, no TypeScript sources, no native modules and no npm cache', async () => {
    const own = "find /airbyte/integration_code/dist -name '*.test.js' -o -name '*.ts'"
    const native = "find /airbyte -name '*.node'"
    const cache = 'find / -xdev -type d -name _cacache 2>/dev/null || true'
    expect(await shell(`${own}; ${native}; ${cache}`)).to.equal('')
  })

  it('is smaller than its limit', async () => {
    const [base = ''] = /^FROM \$\{NODE_IMAGE\}$/m.test(readText('Dockerfile'))
      ? [/^ARG NODE_IMAGE=(\S+)$/m.exec(readText('Dockerfile'))?.[1]]
      : []
    const { Size: baseBytes } = await inspect(base)
    const ownBytes = inspected.Size - baseBytes
    printLines(
      `      ${megabytes(inspected.Size)}, of which ${megabytes(ownBytes)} are not ${base}`,
    )
    expect(ownBytes).to.be.lessThan(MAX_OWN_BYTES)
  })

  it('prints the spec within its time limit, without a network', async () => {
    const timesMs: number[] = []
    for (let run = 0; run < SPEC_RUNS; run++) {
      const started = performance.now()
      const output = await docker('run', '--rm', '--network', 'none', IMAGE, 'spec')
      timesMs.push(performance.now() - started)
      expect(output).to.match(/^\{"type":"SPEC"/)
    }
    const inside = Number(await shell(TIME_SPEC))
    const whole = timesMs.map((ms) => Math.round(ms)).join(', ')
    printLines(`      spec: ${inside} ms in the container; docker run and spec: ${whole} ms`)
    expect(inside).to.be.lessThan(MAX_SPEC_MS)
  })
})

const TIME_SPEC =
  's=$(date +%s%N); $AIRBYTE_ENTRYPOINT spec > /dev/null; echo $(( ($(date +%s%N) - s) / 1000000 ))'

async function shell(script: string): Promise<string> {
  return await docker('run', '--rm', '--network', 'none', '--entrypoint', 'sh', IMAGE, '-c', script)
}

async function inspect(image: string): Promise<Inspected> {
  const [inspected]: Inspected[] = JSON.parse(await docker('image', 'inspect', image))
  if (inspected === undefined) throw new Error(`There is no image ${image}`)
  return inspected
}

function megabytes(bytes: number): string {
  return `${grouped(bytes / 1e6, 1)} MB`
}
