import { hasCode, isDiskFull } from '../../config/errors.ts';
import { MAX_ATTEMPTS, StallError } from './stall.ts';

/** Why a download failed. */
export type DownloadFailure =
  /** There is no such repository, revision or file. */
  | 'missing'
  /** It exists, but this user may not read it. */
  | 'forbidden'
  /** It is not in the cache, and HF_HUB_OFFLINE is set. */
  | 'offline'
  /** The Hub cannot be reached or sends unexpected responses. */
  | 'network'
  /** The cache cannot be written, or one of its files is damaged. */
  | 'disk'
  | 'cancelled';

/** Files of a repository could not be downloaded; the message says why and what to do. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';
  readonly failure: DownloadFailure;

  constructor(failure: DownloadFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }

  /** Whether it says nothing about the repository. */
  get isUnreached(): boolean {
    return this.failure !== 'missing' && this.failure !== 'forbidden';
  }
}

/** The repository exists, but does not contain a requested file. */
export class MissingFile extends DownloadError {
  readonly file: string;
  /** Paths of the files that it contains. */
  readonly others: readonly string[];

  constructor(message: string, file: string, others: readonly string[]) {
    super('missing', message);
    this.file = file;
    this.others = others;
  }
}

export function cancelled(cause: unknown): DownloadError {
  return new DownloadError(
    'cancelled',
    'the download was cancelled. Bytes received so far stay in the cache, and the next download resumes there',
    { cause },
  );
}

/** The error for a failed connection. @param error as `fetch` throws it */
export function unreachable(endpoint: string, error: unknown): DownloadError {
  if (error instanceof StallError) {
    return new DownloadError(
      'network',
      `the download from ${endpoint} stalled: ${error.message}, ${MAX_ATTEMPTS} times in a row. Check the network; bytes received so far stay in the cache`,
      { cause: error },
    );
  }
  return new DownloadError(
    'network',
    `${endpoint} cannot be reached (${reasonOf(error)}). Check the network and try again; files in the cache can be used without it`,
    { cause: error },
  );
}

/** The error for a response that the Hub would not send. */
export function unexpectedResponse(
  endpoint: string,
  reason: string,
  cause?: unknown,
): DownloadError {
  return new DownloadError(
    'network',
    `${endpoint} sent an unexpected response: ${reason}. Check HF_ENDPOINT, or try again later`,
    { cause },
  );
}

/** Codes of system calls on a disk that is full, read-only, forbidden or not laid out as a cache. */
const diskCodes = ['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EPERM', 'ENOTDIR', 'EEXIST'];

/** The error for a system call that failed on the cache; undefined if `error` is another error. */
export function cacheError(error: unknown, cache: string): DownloadError | undefined {
  const code = diskCodes.find((code) => hasCode(error, code));
  if (code === undefined) return undefined;
  const reason = isDiskFull(error) ? 'the disk is full' : code;
  return new DownloadError(
    'disk',
    `${cache} cannot be written: ${reason}. Fix that, or set HF_HOME to another folder; bytes received so far stay in the cache`,
    { cause: error },
  );
}

/** `fetch` wraps the error of the connection, whose message may be empty. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const code = 'code' in cause ? String(cause.code) : '';
  return cause.message || code || error.message;
}
