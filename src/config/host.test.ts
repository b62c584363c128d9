import { expect } from 'chai'
import { parseConfig } from './parse-config.ts'
import { hostProblem, normalizeHost } from './host.ts'

const NAMES = { host: 'host', port: 'port', others: 'port and database' }
const RULE = "Parameter 'host' must be a host name or an IP address"

describe('normalizeHost', () => {
  for (const [text, host] of [
    ['db.example.com', 'db.example.com'],
    [' db.example.com\n', 'db.example.com'],
    ['[::1]', '::1'],
    [' [2001:db8::7] ', '2001:db8::7'],
    ['::1', '::1'],
    ['[db]', '[db]'],
  ] as const) {
    it(`${JSON.stringify(text)} → ${host}`, () => expect(normalizeHost(text)).to.equal(host))
  }
})

describe('hostProblem', () => {
  for (const [text, problem] of [
    ['db.example.com', null],
    ['db.example.com.', null],
    ['my_db', null],
    ['10.0.0.7', null],
    ['fe80::1%eth0', null],
    ['[::1]', null],
    [
      'postgresql://u:p@db:5432/shop',
      `${RULE}, not a URL. Set port and database as separate parameters.`,
    ],
    [
      'jdbc:postgresql://db/shop',
      `${RULE}, not a URL. Set port and database as separate parameters.`,
    ],
    [
      '/var/run/postgresql',
      `${RULE}: Unix-domain sockets are not supported. Set it to an address on which the server accepts TCP connections.`,
    ],
    [
      '@socket',
      `${RULE}: Unix-domain sockets are not supported. Set it to an address on which the server accepts TCP connections.`,
    ],
    ['a.example,b.example', `${RULE}: only one is supported.`],
    ['db.example.com:5432', `${RULE}, without the port. Set 'port'.`],
    ['[::1]:5432', `${RULE}, without the port. Set 'port'.`],
    ['db.example.com/shop', `${RULE}.`],
    ['user@db.example.com', `${RULE}.`],
    ['db example', `${RULE}.`],
    ['  ', `${RULE}.`],
  ] as const) {
    it(`${text} → ${problem}`, () => expect(hostProblem(text, NAMES)).to.equal(problem))
  }
})

describe('parseConfig: hosts', () => {
  it('trims host and tunnel_host and removes brackets', () => {
    const tunnel = { tunnel_method: 'SSH_PASSWORD_AUTH', tunnel_host: ' [::1]', tunnel_port: 22 }
    const { config } = parseConfig({
      host: '[2001:db8::7] ',
      database: 'd',
      username: 'u',
      tunnel_method: { ...tunnel, tunnel_user: 'u', tunnel_user_password: 'p' },
    })
    expect(config.host).to.equal('2001:db8::7')
    expect(config.tunnel).to.include({ host: '::1' })
  })
})
