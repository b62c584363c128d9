import { expect } from 'chai'
import { parseConfig } from './parse-config.ts'
import { parseSshHostKeys } from './ssh-host-key.ts'
import { refusalOf } from '../testing/refused.ts'

/** Made by ssh-keygen, which also printed the fingerprints. */
const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEOMiH/Q+oULeh5HxEx3nOEWg55ucfNO+pnt8hM3pAu8'
const ED25519_FINGERPRINT = 'SHA256:kAKRKZEu24WzVJdmnAXMRZmfv8Uip3kUmH6otM1c/HI'
const ECDSA =
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBP9ZCu4nv+olw4J2R7MkPmmLLC24a5CiIarRmHymp4QDnRY/GoTa5vTNo6pl/xdlVW37pRAeP29UhT586GgZf+M='
const ECDSA_FINGERPRINT = 'SHA256:A3YUJ/0NLEGWAzvhTCUzTalEROeOWW3mIIYgvlngJ8k'

describe('parseSshHostKeys', () => {
  const ed25519 = { type: 'ssh-ed25519', fingerprint: ED25519_FINGERPRINT }
  const ecdsa = { type: 'ecdsa-sha2-nistp256', fingerprint: ECDSA_FINGERPRINT }
  const unknown = { type: null, fingerprint: ED25519_FINGERPRINT }
  for (const [what, text, keys] of [
    ['a public key', ED25519, [ed25519]],
    ['a public key with a comment', `${ED25519} root@bastion`, [ed25519]],
    ['a line of known_hosts', `[bastion.example.com]:2222 ${ECDSA}`, [ecdsa]],
    ['what ssh-keyscan prints', `# bastion:22 SSH-2.0\nbastion ${ED25519}\n`, [ed25519]],
    ['a fingerprint', ED25519_FINGERPRINT, [unknown]],
    ['what ssh-keygen -l prints', `256 ${ED25519_FINGERPRINT} root@bastion (ED25519)`, [unknown]],
    ['several', `${ED25519}\r\n\n${ECDSA}\n`, [ed25519, ecdsa]],
    ['an MD5 fingerprint', '16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48', null],
    ['a fingerprint that is cut off', ED25519_FINGERPRINT.slice(0, -1), null],
    ['a key of another type', ED25519.replace('ssh-ed25519', 'ssh-rsa'), null],
    ['a key without its bytes', 'ssh-ed25519', null],
    ['a key and something else', `${ED25519}\n/etc/ssh/ssh_host_key.pub`, null],
  ] as const) {
    it(what, () => expect(parseSshHostKeys(text)).to.deep.equal(keys))
  }
})

describe('parseConfig: tunnel_host_key', () => {
  const tunnel = {
    tunnel_method: 'SSH_PASSWORD_AUTH',
    tunnel_host: 'bastion',
    tunnel_port: 22,
    tunnel_user: 'u',
    tunnel_user_password: 'p',
  }
  const base = { host: 'h', database: 'd', username: 'u' }

  it('is optional', () => {
    const { config } = parseConfig({ ...base, tunnel_method: tunnel })
    expect(config.tunnel).to.deep.include({ hostKeys: [] })
  })

  it('is a list of keys', () => {
    const keys = { tunnel_host_key: `${ED25519}\n${ECDSA}` }
    const { config } = parseConfig({ ...base, tunnel_method: { ...tunnel, ...keys } })
    expect(Reflect.get(config.tunnel, 'hostKeys')).to.have.length(2)
  })

  it('is rejected when it is a file name', () => {
    const key = { tunnel_host_key: '/root/.ssh/known_hosts' }
    expect(refusalOf({ ...base, tunnel_method: { ...tunnel, ...key } })).to.equal(
      "Parameter 'tunnel_method.tunnel_host_key' must be OpenSSH public keys or SHA256 fingerprints, one on each line",
    )
  })
})
