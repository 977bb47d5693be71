/** What a caught value of unknown type says. */

/** What a failed system call means, by its code. */
const meanings: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of this path is a file, not a folder',
  EISDIR: 'this is a folder, not a file',
  ELOOP: 'its symbolic links form a loop',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'your disk quota is used up',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open on this machine',
  EIO: 'the disk reported an error',
  ENAMETOOLONG: 'this name is too long',
};

/** The message of an error, in plain words if a system call failed; other values as text. */
export function messageOf(error: unknown): string {
  const path = error instanceof Error ? (error as NodeJS.ErrnoException).path : undefined;
  return path ? `${path}: ${reasonOf(error)}` : reasonOf(error);
}

/** As {@link messageOf}, for sentences that name the path themselves. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code = '' } = error as NodeJS.ErrnoException;
  const meaning = meanings[code];
  return meaning ? `${meaning} (${code})` : error.message;
}

/** Whether an error is that of a system call with the given code, for instance `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}

/** The disk is full, with what is known of the room that is missing. */
export class DiskFullError extends Error {
  override readonly name = 'DiskFullError';
}

/** Whether an operation failed because the file system, or the user's quota in it, is full. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof DiskFullError || hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT');
}
