import { expect } from 'chai'
import { applyJdbcParams } from './jdbc-params.ts'
import { parseConfig } from './parse-config.ts'

const BASE = { host: 'db', database: 'shop', username: 'reader' }
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB+/=\n-----END CERTIFICATE-----\n'
const SECRET = 's3cr3t'

function parse(params: string, extra: object = {}) {
  return parseConfig({ ...BASE, jdbc_url_params: params, ...extra })
}

describe('applyJdbcParams', () => {
  for (const [params, expected] of [
    ['connectTimeout=30', { connectTimeoutMs: 30_000 }],
    ['loginTimeout=7', { connectTimeoutMs: 7000 }],
    ['connectTimeout=30&loginTimeout=7', { connectTimeoutMs: 30_000 }],
    ['socketTimeout=60', { timeoutMs: 60_000 }],
    ['ApplicationName=my%20app', { applicationName: 'my app' }],
    ['options=-c%20work_mem%3D64MB', { serverOptions: '-c work_mem=64MB' }],
    ['&&connectTimeout=30&', { connectTimeoutMs: 30_000 }],
  ] as const) {
    it(`${params} → ${JSON.stringify(expected)}`, () => {
      expect(parse(params).config).to.include(expected)
    })
  }

  it('accepts sslrootcert as PEM text', () => {
    const params = `sslrootcert=${encodeURIComponent(PEM)}`
    const { config, warnings } = parse(params, { ssl_mode: 'verify-full' })
    expect(config.ssl).to.include({ mode: 'verify-full', caCertificate: PEM })
    expect(warnings).to.deep.equal([])
  })

  it('keeps the default SSL mode if only sslrootcert is given', () => {
    const { config } = parse(`sslrootcert=${encodeURIComponent(PEM)}`)
    expect(config.ssl).to.include({ mode: 'prefer', caCertificate: PEM })
  })

  for (const params of ['', 'tcpKeepAlive=true', 'prepareThreshold=0&readOnly=true']) {
    it(`does not warn of '${params}', which is the behaviour anyway`, () => {
      expect(parse(params).warnings).to.deep.equal([])
    })
  }

  for (const [params, reason] of [
    ['currentSchema', 'use schemas of the config'],
    ['user', 'use username of the config'],
    ['password', 'use password of the config'],
    ['sslmode', 'use ssl_mode of the config'],
    ['ssl', 'use ssl_mode of the config'],
    ['tcpKeepAlive', 'it has no meaning for this connector'],
    ['defaultRowFetchSize', 'it has no meaning for this connector'],
    ['constructor', 'it has no meaning for this connector'],
  ] as const) {
    it(`warns that ${params} is ignored, without its value`, () => {
      expect(parse(`${params}=${SECRET}`).warnings).to.deep.equal([
        `'${params}' of jdbc_url_params is ignored: ${reason}.`,
      ])
    })
  }

  it('parameters of the config take precedence', () => {
    const { config, warnings } = parse('connectTimeout=30', { connect_timeout: 5 })
    expect(config.connectTimeoutMs).to.equal(5000)
    expect(warnings).to.deep.equal([
      "'connectTimeout' of jdbc_url_params is ignored: connect_timeout is given, too.",
    ])
  })

  it('ignores a timeout of 0, because there is always a timeout', () => {
    const { config, warnings } = parse('socketTimeout=0')
    expect(config.timeoutMs).to.equal(300_000)
    expect(warnings).to.deep.equal([
      "'socketTimeout' of jdbc_url_params is ignored: there is always a timeout.",
    ])
  })

  for (const params of [SECRET, `=${SECRET}`, `connectTimeout=%${SECRET}`]) {
    it(`reports ${params} by its position`, () => {
      expect(parse(params).warnings).to.deep.equal([
        'Part 1 of jdbc_url_params is ignored: it is not a URL-encoded key=value.',
      ])
    })
  }

  it('reports a problem by the name of the JDBC parameter', () => {
    expect(() => parse(`connectTimeout=${SECRET}`)).to.throw(
      "Parameter 'jdbc_url_params connectTimeout' must be an integer",
    )
  })

  it('leaves a value that is not text to the validator', () => {
    expect(applyJdbcParams({ jdbc_url_params: 7 }).values).to.deep.equal({ jdbc_url_params: 7 })
  })
})
