import { stat } from 'node:fs/promises';
import path from 'node:path';
import { filePath, formatOf, namedFiles } from '../config/data.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { downloadNamed } from '../hub/namedRepository.ts';
import { type MissingFile, resolvedId } from '../hub/resolve.ts';
import type { Loading } from '../runs/loading.ts';

/** Paths of the data files on this machine, each list in the order in which it is read. */
export interface DataFiles {
  readonly train: readonly string[];
  readonly validation: readonly string[];
  /** `owner/name@commit` of the Hub dataset that the files belong to, if they do. */
  readonly source?: string;
}

/** Downloads files of a dataset repository. @returns the folder that holds them */
export type FetchDataset = (id: string, files: readonly string[]) => Promise<string>;

/**
 * Finds the data files of a config, downloads them if they are on the Hub, and reads them.
 * @param onLoading called with the progress of the download and of reading
 * @returns the data and the files they were read from
 */
export async function readDataFiles<T>(
  parsed: ParsedConfig,
  onLoading: (loading: Loading) => void,
  read: (files: DataFiles, onBytes: (bytes: number) => void) => Promise<T>,
): Promise<{ readonly data: T; readonly files: DataFiles }> {
  const download = (id: string, names: readonly string[]) =>
    downloadNamed(
      parsed,
      {
        id,
        key: ['data', 'from'],
        kind: 'dataset',
        files: names,
        missing: (error) => missingFileError(parsed, error),
      },
      onLoading,
    );
  const files = await dataFilesOf(parsed, download);
  const paths = [...files.train, ...files.validation];
  const sizes = await Promise.all(paths.map(async (file) => (await stat(file)).size));
  const total = sizes.reduce((sum, size) => sum + size);
  let done = 0;
  const data = await read(files, (bytes) => {
    done += bytes;
    onLoading({ what: 'reading data', bytes: { done, total } });
  });
  return { data, files };
}

/**
 * The data files of a config: local paths, or files of a dataset on the Hub.
 * @throws ConfigError at the key of a file that does not exist
 */
export async function dataFilesOf(parsed: ParsedConfig, fetch: FetchDataset): Promise<DataFiles> {
  const { data } = parsed.config;
  const { from } = data;
  if (from === undefined) {
    return { train: parsed.dataFiles('train'), validation: parsed.dataFiles('validation') };
  }
  const [train, validation] = [namedFiles(data, 'train'), namedFiles(data, 'validation')];
  const folder = await fetch(from, [...new Set([...train, ...validation])]);
  const inFolder = (name: string) => path.join(folder, name);
  return {
    train: train.map(inFolder),
    validation: validation.map(inFolder),
    source: resolvedId(from, folder),
  };
}

/** How many files of the dataset a message suggests. */
const MAX_SUGGESTIONS = 6;

/** A file that the dataset does not have, reported at the key that names it, with files it may have meant. */
function missingFileError(parsed: ParsedConfig, { file, others, message }: MissingFile) {
  const { data } = parsed.config;
  const key = namedFiles(data, 'train').includes(file) ? 'train' : 'validation';
  const at = filePath(data, key, namedFiles(data, key).indexOf(file));
  const tables = others.filter((name) => formatOf(name) !== null);
  const inSameFolder = tables.filter((name) => path.dirname(name) === path.dirname(file));
  const likely = inSameFolder.length > 0 ? inSameFolder : tables;
  const some = likely.slice(0, MAX_SUGGESTIONS).join(', ');
  return parsed.error(at, message, {
    expected: `the path of a file in its repository${some && `, such as ${some}`}`,
    name: { wrong: file, valid: tables },
  });
}
