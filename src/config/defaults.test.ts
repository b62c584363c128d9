import { expect } from 'chai'
import { withDefaults } from './defaults.ts'
import { CONFIG_SCHEMA } from './schema.ts'

describe('withDefaults', () => {
  it('adds the documented defaults', () => {
    expect(withDefaults({}, CONFIG_SCHEMA)).to.deep.equal({
      port: 5432,
      password: '',
      schemas: ['public'],
      sync_mode: 'full_refresh',
      ssl_mode: 'prefer',
      tunnel_method: 'NO_TUNNEL',
      replication_method: 'Standard',
      jdbc_url_params: '',
      application_name: 'sqlflow',
      connect_timeout: 10,
      entra_service_principal_auth: false,
      timeout_seconds: 300,
      max_retries: 3,
      min_connections: 1,
      max_connections: 5,
      batch_size: 10000,
      check_privileges: true,
      checkpoint_target_interval_seconds: 300,
      late_commit_window_seconds: 3600,
    })
  })

  it('keeps given values', () => {
    expect(withDefaults({ port: 1, x: 2 }, CONFIG_SCHEMA)).to.include({ port: 1, x: 2 })
  })
})
