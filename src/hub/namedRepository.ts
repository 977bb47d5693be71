import type { ConfigError, Path } from '../config/diagnostic.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { Loading } from '../runs/loading.ts';
import { DownloadError, MissingFile, type ResolveOptions, resolveRepository } from './resolve.ts';

/** A repository of the Hugging Face Hub that a config names. */
interface NamedRepository extends Pick<ResolveOptions, 'kind' | 'files'> {
  readonly id: string;
  /** The key that names it. */
  readonly key: Path;
  /** Makes the error for a file that it does not contain, if that is not reported at `key`. */
  readonly missing?: (error: MissingFile) => ConfigError;
}

/**
 * Downloads files of a repository that a config names, as `resolveRepository` does.
 * @param onLoading called with the progress of the download
 * @returns the folder of the snapshot
 * @throws ConfigError at the key of the config
 */
export async function downloadNamed(
  parsed: ParsedConfig,
  { id, key, kind, files, missing }: NamedRepository,
  onLoading: (loading: Loading) => void,
): Promise<string> {
  try {
    return await resolveRepository(id, {
      kind,
      files,
      onProgress: ({ file, ...bytes }) => onLoading({ what: `downloading ${file}`, bytes }),
    });
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    if (missing && error instanceof MissingFile) throw missing(error);
    throw parsed.error(key, error.message, {
      expected:
        'a repository of the Hugging Face Hub that can be downloaded, or files on this machine',
    });
  }
}
