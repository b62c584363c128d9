import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Command, type Job, type Peer, Unavailable } from './peer.ts'
import { CHECKOUT } from '../../integration_tests/helpers/checkout.ts'

/**
 * Programs are installed once, each into a separate directory below this one. `BENCH_PEERS_DIR`
 * changes it.
 */
const ROOT = process.env['BENCH_PEERS_DIR'] ?? join(tmpdir(), 'source-postgres-peers')
const INSTALL_MS = 300_000
/** Sources of the peers' programs, which tsc does not copy to dist. */
const SOURCES = `${CHECKOUT}bench/peers/programs/`

export const PYARROW = 'pyarrow==26.0.1'

const execute = promisify(execFile)

/** Returns the stdout of a command. */
export async function run(program: string, args: readonly string[]): Promise<string> {
  const options = { timeout: INSTALL_MS, maxBuffer: 1e8 }
  return (await execute(program, args, options)).stdout.trim()
}

/** Creates a virtual environment with `requirements`; returns its directory of programs. */
async function installPython(requirements: readonly string[]): Promise<string> {
  const directory = await installOnce(requirements, async (place) => {
    await run('python3', ['-m', 'venv', place])
    await run(join(place, 'bin', 'pip'), ['install', '--quiet', ...requirements])
  })
  return join(directory, 'bin')
}

/** A program in Python packages, the first of which is the measured one. */
export function pythonPeer(
  what: Pick<Peer, 'name' | 'output' | 'isSlow'> & { readonly requirements: readonly string[] },
  command: (bin: string, job: Job) => Promise<Command>,
  prepare?: (bin: string) => Promise<unknown>,
): Peer {
  const { requirements, ...rest } = what
  return {
    ...rest,
    destination: 'null',
    install: async () => {
      const bin = await installPython(requirements)
      await prepare?.(bin)
      const version = requirements[0]?.replace(/^.*==/, '') ?? ''
      return { version, command: async (job) => await command(bin, job) }
    },
  }
}

/**
 * Compiles a Java program of one source file and the jars at `coordinates`; returns its class path.
 */
export async function installJava(source: string, coordinates: readonly string[]): Promise<string> {
  const directory = await installOnce([source, ...coordinates], async (place) => {
    for (const artifact of coordinates) {
      const options = [`-Dartifact=${artifact}`, `-DoutputDirectory=${place}`]
      await run('mvn', ['--quiet', '--batch-mode', 'dependency:copy', ...options])
    }
  })
  const classPath = `${directory}:${directory}/*`
  await run('javac', ['-cp', classPath, '-d', directory, sourcePath(source)])
  return classPath
}

/** The path of a peer's program. */
export function sourcePath(name: string): string {
  return join(SOURCES, name)
}

/** The path of a compiled script of the bench. */
export function scriptPath(name: string): string {
  return fileURLToPath(new URL(`../${name}.js`, import.meta.url))
}

/**
 * Returns a directory named after the hash of its content, so that a new version is installed
 * beside the old one.
 */
async function installOnce(
  content: readonly string[],
  install: (directory: string) => Promise<void>,
): Promise<string> {
  const directory = join(ROOT, content.join('+').replaceAll(/[^\w.+-]+/g, '-'))
  const mark = join(directory, 'installed')
  if (existsSync(mark)) return directory
  await rm(directory, { recursive: true, force: true })
  await mkdir(ROOT, { recursive: true })
  try {
    await install(directory)
  } catch (cause) {
    throw new Unavailable('Its packages cannot be installed.', { cause })
  }
  await writeFile(mark, '')
  return directory
}
