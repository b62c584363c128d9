import type { Config, SslMode } from './config.ts'
import type { Values } from './values.ts'

/** The values of a config that spec.json and the rules accept. */
export interface ValidValues extends Values {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly username: string
  readonly password: string
  readonly entra_service_principal_auth: boolean
  readonly entra_tenant_id?: string
  readonly entra_client_id?: string
  readonly schemas: readonly string[]
  readonly table?: string
  readonly query?: string
  readonly sync_mode: Config['syncMode']
  readonly cursor_field?: string
  readonly primary_key?: readonly string[]
  readonly ssl_mode: ValidSsl
  readonly tunnel_method: ValidTunnel
  readonly replication_method: ValidMethod
  readonly jdbc_url_params: string
  /** From jdbc_url_params. */
  readonly server_options?: string
  readonly application_name: string
  readonly connect_timeout: number
  readonly timeout_seconds: number
  readonly min_connections: number
  readonly max_connections: number
  readonly batch_size: number
  readonly max_retries: number
  readonly check_privileges: boolean
  readonly checkpoint_target_interval_seconds: number
  readonly late_commit_window_seconds: number
}

/** `replication_method`, by branch. */
export interface ValidMethod {
  readonly method: string
}

export interface ValidCdc extends ValidMethod {
  readonly method: 'CDC'
  readonly replication_slot: string
  readonly publication: string
  readonly initial_waiting_seconds: number
  readonly lsn_commit_behaviour: 'While reading Data' | 'After loading Data in the destination'
  readonly heartbeat_action_query: string
  readonly invalid_cdc_cursor_position_behavior: 'Fail sync' | 'Re-sync data'
  readonly initial_load_timeout_hours: number
}

/** `ssl_mode`, of any branch. */
export interface ValidSsl {
  readonly mode: SslMode
  readonly ca_certificate?: string
  readonly client_certificate?: string
  readonly client_key?: string
  readonly client_key_password?: string
}

/** `tunnel_method`, by branch. */
export type ValidTunnel =
  | { readonly tunnel_method: 'NO_TUNNEL' }
  | (ValidSshServer & {
      readonly tunnel_method: 'SSH_KEY_AUTH'
      readonly ssh_key: string
      readonly ssh_key_passphrase?: string
    })
  | (ValidSshServer & {
      readonly tunnel_method: 'SSH_PASSWORD_AUTH'
      readonly tunnel_user_password: string
    })

interface ValidSshServer {
  readonly tunnel_host: string
  readonly tunnel_port: number
  readonly tunnel_user: string
  readonly tunnel_host_key?: string
}
