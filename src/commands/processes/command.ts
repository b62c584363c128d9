/** The command of a process that another one of this program starts to read a shard. It is not for users. */
export const SHARD_COMMAND = 'read-shard-of-parent'

/** Whether this process is one. @param isConnected Whether it can get messages from a parent. */
export function isShardProcess([command]: readonly string[], isConnected: boolean): boolean {
  return command === SHARD_COMMAND && isConnected
}
