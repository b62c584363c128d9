import { existsSync } from 'node:fs'

/** Programs that some tests need, and the Debian package of each. */
const PACKAGES = {
  '/usr/bin/openssl': 'openssl',
  '/usr/bin/psql': 'postgresql-client',
  '/usr/bin/ssh-keygen': 'openssh-client',
  '/usr/sbin/sshd': 'openssh-server',
  '/usr/sbin/pgbouncer': 'pgbouncer',
} as const

export type Program = keyof typeof PACKAGES

export function isInstalled(program: Program): boolean {
  return existsSync(program)
}

/**
 * `describe` if all of `programs` are installed; otherwise a test whose title lists the missing
 * ones.
 */
export function describeWith(programs: readonly Program[], title: string, body: () => void): void {
  const missing = programs.filter((program) => !isInstalled(program))
  if (missing.length === 0) {
    describe(title, body)
    return
  }
  const names = missing.map((program) => `${program} (Debian package ${PACKAGES[program]})`)
  describe(title, () => {
    it(`NOT RUN, because this machine does not have ${names.join(', ')}`, () => undefined)
  })
}
