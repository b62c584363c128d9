import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command, Files, Outcome, Subject } from '../acceptance/subject.ts'
import { type Json, type Message, parseMessage } from '../helpers/messages.ts'
import { type Row, Session } from '../helpers/session.ts'
import { ContainerRun } from './docker.ts'
import { IMAGE, sharedWorld, type World } from './shared-world.ts'

/** Options of a command besides its files. */
export interface ImageOptions {
  /** Options of `docker run`. */
  readonly options?: readonly string[]
  /** Directory in which the files are mounted; default `/secrets`, like in the CDK's tests. */
  readonly mountPoint?: string
  readonly mountMode?: 'ro' | 'rw'
}

/** The image, run like an orchestrator does, with its files in a directory of this machine. */
export class ImageSubject implements Subject {
  readonly config: Json
  readonly world: World
  readonly #directory: string
  #files = 0

  private constructor(world: World, directory: string) {
    this.config = world.config
    this.world = world
    this.#directory = directory
  }

  static async create(): Promise<ImageSubject> {
    const directory = await mkdtemp(join(tmpdir(), 'source-postgres-image-'))
    await chmod(directory, 0o755) // The container runs as another user
    return new ImageSubject(await sharedWorld(), directory)
  }

  async sql(text: string): Promise<Row[]> {
    await using session = await Session.open(this.world.connection)
    return await session.sql(text)
  }

  async run(command: Command, files: Files = {}, options: ImageOptions = {}): Promise<Outcome> {
    await using container = await this.start(command, files, options)
    const { stdout, code, stderr } = await container.output()
    return { code, stderr, messages: toMessages(stdout) }
  }

  /** Starts a command that the test observes. */
  async start(
    command: Command,
    files: Files = {},
    { options = [], mountPoint = '/secrets', mountMode = 'ro' }: ImageOptions = {},
  ): Promise<ContainerRun> {
    const args: string[] = [command]
    const number = ++this.#files
    for (const [name, content] of Object.entries(files)) {
      const file = `${name}-${number}.json`
      await this.#write(file, content)
      args.push(`--${name}`, `${mountPoint}/${file}`)
    }
    const mount = `${this.#directory}:${mountPoint}:${mountMode}`
    const place = ['--network', this.world.network, '--volume', mount, ...options]
    return new ContainerRun([...place, IMAGE, ...args])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #write(name: string, content: unknown): Promise<void> {
    const path = join(this.#directory, name)
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
    await chmod(path, 0o644)
  }
}

/** @throws Error for a line that is not a protocol message. */
export function toMessages(stdout: string): Message[] {
  const lines = stdout.split('\n')
  if (lines.pop() !== '') throw new Error('The last line of stdout has no line feed')
  return lines.map(parseMessage)
}
