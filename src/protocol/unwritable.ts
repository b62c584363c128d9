import { errorCode } from '../errors.ts'

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
}

/**
 * Why a path cannot be written, and what to do, as the end of a sentence.
 * @returns null if it is not an error of the file system.
 */
export function whyUnwritable(error: unknown): string | null {
  const code = errorCode(error)
  if (code === null) return null
  return REASONS[code] ?? `the file system reports ${code}. Choose another path`
}
