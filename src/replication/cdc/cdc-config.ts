import type { CdcConfig, Config } from '../../config/config.ts'

/** Returns the CDC branch of a config. @throws Error if it has another replication method. */
export function cdcConfigOf({ cdc }: Pick<Config, 'cdc'>): CdcConfig {
  if (cdc === null) throw new Error('the config has another replication method')
  return cdc
}
