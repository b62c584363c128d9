import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** A certificate with its key, as PEM text and as files that only their owner may read. */
export interface Credential {
  readonly certificate: string
  readonly key: string
  readonly certificateFile: string
  readonly keyFile: string
}

/** Subject of a certificate: an address or a host name each. */
interface Subject {
  readonly commonName: string
  readonly names?: string
  readonly isExpired?: boolean
}

/** Files for `openssl ca`; only this command can sign a certificate that has already expired. */
const CA_CONFIG = `
[ca]
default_ca = here
[here]
database = ./index.txt
serial = ./serial
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
`

/** A certificate authority in a temporary directory. */
export class Authority implements AsyncDisposable {
  readonly certificate: string
  readonly certificateFile: string
  readonly #directory: string

  private constructor(directory: string, certificate: string) {
    this.#directory = directory
    this.certificate = certificate
    this.certificateFile = join(directory, 'ca.crt')
  }

  static async create(name: string): Promise<Authority> {
    const directory = await mkdtemp(join(tmpdir(), 'authority-'))
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const files = ['-keyout', 'ca.key', '-out', 'ca.crt']
    const subject = ['-subj', `/CN=${name}`, '-days', '2']
    await execute('openssl', ['req', '-x509', ...key, ...files, ...subject], { cwd: directory })
    await writeFile(join(directory, 'ca.cnf'), CA_CONFIG)
    await writeFile(join(directory, 'index.txt'), '')
    await writeFile(join(directory, 'serial'), '01\n')
    return new Authority(directory, await readFile(join(directory, 'ca.crt'), 'utf8'))
  }

  /** Issues a certificate. `names` is a subjectAltName such as `IP:127.0.0.1`. */
  async issue(id: string, { commonName, names, isExpired = false }: Subject): Promise<Credential> {
    const cwd = this.#directory
    const run = async (args: readonly string[]) => await execute('openssl', [...args], { cwd })
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const extension = names === undefined ? [] : ['-addext', `subjectAltName=${names}`]
    const request = ['-keyout', `${id}.key`, '-out', `${id}.csr`, '-subj', `/CN=${commonName}`]
    await run(['req', ...key, ...request, ...extension])
    const end = isExpired ? '20200102000000Z' : '20490101000000Z'
    const signing = ['-batch', '-notext', '-config', 'ca.cnf', '-cert', 'ca.crt']
    const period = ['-keyfile', 'ca.key', '-startdate', '20200101000000Z', '-enddate', end]
    await run(['ca', ...signing, ...period, '-in', `${id}.csr`, '-out', `${id}.crt`])
    return await readCredential(cwd, id)
  }

  /** Returns `credential` with its key encrypted by `password`. */
  async encrypt(credential: Credential, password: string): Promise<Credential> {
    const keyFile = `${credential.keyFile}.encrypted`
    const args = ['pkey', '-in', credential.keyFile, '-aes256', '-passout', `pass:${password}`]
    await execute('openssl', [...args, '-out', keyFile])
    return { ...credential, keyFile, key: await readFile(keyFile, 'utf8') }
  }

  /** Its own certificate, for a server that is its own authority. */
  async itself(): Promise<Credential> {
    return await readCredential(this.#directory, 'ca')
  }

  /** Creates an empty directory, for programs that look for files in a home directory. */
  async emptyHome(): Promise<string> {
    const home = join(this.#directory, 'home')
    await mkdir(home, { recursive: true })
    return home
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true })
  }
}

async function readCredential(directory: string, id: string): Promise<Credential> {
  const certificateFile = join(directory, `${id}.crt`)
  const keyFile = join(directory, `${id}.key`)
  return {
    certificate: await readFile(certificateFile, 'utf8'),
    key: await readFile(keyFile, 'utf8'),
    certificateFile,
    keyFile,
  }
}
