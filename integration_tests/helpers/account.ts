import { constants, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { tmpdir } from 'node:os'

/** Account that runs the server: PostgreSQL does not run as root. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

const UNPRIVILEGED_NAMES = ['nobody', 'daemon']

/**
 * Account that the server runs as: null for an ordinary user (the server then runs as this user),
 * otherwise one without files.
 * @throws Error for root on a machine without such an account.
 */
export function serverAccount(): Account | null {
  if (process.getuid?.() !== 0) return null
  const accounts = parsePasswd(readFileSync('/etc/passwd', 'utf8'))
  const account = UNPRIVILEGED_NAMES.map((name) => accounts.get(name)).find((found) => found)
  if (account === undefined) {
    throw new Error(`PostgreSQL cannot run as root and /etc/passwd has no ${UNPRIVILEGED_NAMES[0]}`)
  }
  return account
}

/**
 * A directory for temporary files that `serverAccount()` can enter: as root, `TMPDIR` may be
 * private.
 */
export function temporaryRoot(): string {
  const preferred = tmpdir()
  return serverAccount() === null || isOpenToAll(preferred) ? preferred : '/tmp'
}

function parsePasswd(text: string): Map<string, Account> {
  const accounts = new Map<string, Account>()
  for (const line of text.split('\n')) {
    const [name, , uid, gid] = line.split(':')
    if (name !== undefined && uid !== undefined && gid !== undefined) {
      accounts.set(name, { uid: Number(uid), gid: Number(gid) })
    }
  }
  return accounts
}

function isOpenToAll(directory: string): boolean {
  const parent = dirname(directory)
  const isOpen = (statSync(directory).mode & constants.S_IXOTH) !== 0
  return isOpen && (parent === directory || isOpenToAll(parent))
}
