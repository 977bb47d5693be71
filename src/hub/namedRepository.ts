import type { ConfigError, Path } from '../config/diagnostic.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { Loading } from '../runs/loading.ts';
import { DownloadError, MissingFile, type ResolveOptions, resolveRepository } from './resolve.ts';

/** A repository of the Hugging Face Hub that a config names. */
interface NamedRepository extends Pick<ResolveOptions, 'kind' | 'files' | 'commit' | 'signal'> {
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
 * @throws DownloadError if there is a signal, and the Hub was not reached before it aborted
 */
export async function downloadNamed(
  parsed: ParsedConfig,
  { id, key, missing, ...requested }: NamedRepository,
  onLoading: (loading: Loading) => void,
): Promise<string> {
  try {
    return await resolveRepository(id, {
      ...requested,
      onProgress: ({ file, ...bytes }) => onLoading({ what: `downloading ${file}`, bytes }),
      onStall: ({ what, reason, attempt, attempts }) =>
        onLoading({
          what: `downloading ${what}: ${reason}, trying again (attempt ${attempt} of ${attempts})`,
          bytes: null,
        }),
    });
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    if (requested.signal && error.isUnreached) throw error;
    if (missing && error instanceof MissingFile) throw missing(error);
    const isInterrupted = error.failure === 'network' || error.failure === 'disk';
    const goOn = isInterrupted ? `. To go on where it stopped: ${thisCommand()}` : '';
    throw parsed.error(key, error.message + goOn, {
      expected:
        'a repository of the Hugging Face Hub that can be downloaded, or files on this machine',
    });
  }
}

/** The command that started this process, for a shell. */
function thisCommand(): string {
  const words = process.argv.slice(2);
  // How a program that started this process follows it.
  const own = words.indexOf('--progress');
  if (own >= 0) words.splice(own, 2);
  const quoted = words.map((word) =>
    /^[\w./@:=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`,
  );
  return ['grain', ...quoted].join(' ');
}
