/** Internal command of a process that another process of this program starts to read a shard. */
export const SHARD_COMMAND = 'read-shard-of-parent'

/**
 * Whether this process reads a shard for a parent. @param isConnected whether it has an IPC channel
 * to a parent.
 */
export function isShardProcess([command]: readonly string[], isConnected: boolean): boolean {
  return command === SHARD_COMMAND && isConnected
}
