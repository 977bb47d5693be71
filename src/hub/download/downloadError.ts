export type DownloadFailure =
  /** No such repository, revision or file. */
  | 'missing'
  /** It is there, but this user may not have it. */
  | 'forbidden'
  /** It is not in the cache, and the network is not to be used. */
  | 'offline'
  /** The hub cannot be reached or does not answer as it should. */
  | 'network'
  /** The cache cannot be written. */
  | 'disk'
  | 'cancelled';

/** A repository of the Hugging Face hub could not be had; the message says why and what would do. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';
  readonly failure: DownloadFailure;

  constructor(failure: DownloadFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** A repository is there, but not a file that was asked for. */
export class MissingFile extends DownloadError {
  readonly file: string;
  /** Paths of the files that it has. */
  readonly others: readonly string[];

  constructor(message: string, file: string, others: readonly string[]) {
    super('missing', message);
    this.file = file;
    this.others = others;
  }
}
