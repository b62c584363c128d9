import { ConnectorError, errorCode } from '../errors.ts'

/** Node.js error code → reason, and what to do. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its directory does not exist (ENOENT). Create it, or choose another path',
  ENOTDIR: 'its path contains a file where a directory is needed (ENOTDIR). Correct the path',
  EEXIST: 'there is a file where a directory is needed (EEXIST). Correct the path',
  EISDIR: 'there is a directory with its name (EISDIR). Give the path of a file',
  EACCES: 'this user may not write there (EACCES). Grant it write access to the directory',
  EPERM: 'this user may not write there (EPERM). Grant it write access to the directory',
  EROFS: 'the file system is read-only (EROFS). Choose a path on another one',
  EBUSY: 'it is a mount point (EBUSY), and cannot be replaced. Mount its directory instead',
  ENOSPC: 'the disk is full (ENOSPC). Free space, or choose a path on another disk',
  EDQUOT: 'the disk quota is exceeded (EDQUOT). Free space, or choose a path on another disk',
  EFBIG:
    'a file may not be that large (EFBIG). Raise the limit (ulimit -f), or choose a path on another file system',
  EBADF: 'it is not open for writing (EBADF). Open it for writing',
  EIO: 'the disk or its file system reports an input/output error (EIO). Check it, or choose a path on another disk',
}

/**
 * An error of the file system as a ConnectorError; any other error unchanged. A failing disk is a
 * system_error, everything else a config_error.
 * @param what subject of the message, with its path.
 */
export function unwritable(what: string, error: unknown): unknown {
  const code = errorCode(error)
  if (code === null) return error
  const reason = REASONS[code] ?? `the file system reports ${code}. Choose another path`
  const failureType = code === 'EIO' ? 'system_error' : 'config_error'
  const message = `${what}: ${reason}.`
  return new ConnectorError(failureType, message, { cause: error, isFinal: true })
}
