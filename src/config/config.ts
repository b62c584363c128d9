import type { SshHostKey } from './ssh-host-key.ts'

export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

/** TLS with the semantics of libpq. Certificates and keys are PEM text, never file names. */
export interface SslConfig {
  readonly mode: SslMode
  readonly caCertificate: string | null
  readonly clientCertificate: string | null
  readonly clientKey: string | null
  readonly clientKeyPassword: string | null
}

export type TunnelConfig =
  | { readonly method: 'NO_TUNNEL' }
  | {
      readonly method: 'SSH_KEY_AUTH'
      readonly host: string
      readonly port: number
      readonly user: string
      /** Empty: any host key is accepted. */
      readonly hostKeys: readonly SshHostKey[]
      readonly key: string
      readonly keyPassphrase: string | null
    }
  | {
      readonly method: 'SSH_PASSWORD_AUTH'
      readonly host: string
      readonly port: number
      readonly user: string
      /** Empty: any host key is accepted. */
      readonly hostKeys: readonly SshHostKey[]
      readonly password: string
    }

/** The CDC branch of `replication_method`. */
export interface CdcConfig {
  readonly slot: string
  readonly publication: string
  /** Maximum time without progress in the log. */
  readonly initialWaitingMs: number
  /** The acknowledged position: that of the given state, or that of the last emitted state. */
  readonly acknowledges: 'GIVEN' | 'EMITTED'
  readonly heartbeatActionQuery: string | null
  /** Behaviour if the changes since the given state are no longer available. */
  readonly onInvalidPosition: 'FAIL' | 'RESYNC'
  readonly initialLoadTimeoutMs: number
}

/** A service principal of Microsoft Entra. */
export interface EntraConfig {
  readonly tenantId: string
  readonly clientId: string
}

/** The config of a run: canonical names, with defaults, frozen. */
export interface Config {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly username: string
  /** With `entra`, the client secret. */
  readonly password: string
  /**
   * The service principal whose tokens are used as passwords; null: `password` is a PostgreSQL
   * password.
   */
  readonly entra: EntraConfig | null
  /** Case sensitive. Empty: all, which `withAllSchemas` looks up. */
  readonly schemas: readonly string[]
  /** Restricts discovery to one relation. */
  readonly table: string | null
  /** Adds a stream that reads this SELECT as a subquery. */
  readonly query: string | null
  readonly syncMode: 'full_refresh' | 'incremental'
  readonly cursorField: string | null
  readonly primaryKey: readonly string[]
  readonly ssl: SslConfig
  readonly tunnel: TunnelConfig
  /** Value of `method` in `replication_method`: a branch of spec.json. */
  readonly replicationMethod: string
  /** Null unless the replication method is CDC. */
  readonly cdc: CdcConfig | null
  /** Session options in the format of the `postgres` command line, such as `-c work_mem=64MB`. */
  readonly serverOptions: string | null
  readonly applicationName: string
  readonly connectTimeoutMs: number
  /** Maximum time without data from the server before its backend is probed. */
  readonly timeoutMs: number
  readonly minConnections: number
  readonly maxConnections: number
  readonly batchSize: number
  readonly maxRetries: number
  readonly checkPrivileges: boolean
  readonly checkpointIntervalMs: number
  readonly lateCommitWindowMs: number
}
