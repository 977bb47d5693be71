import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Request } from '../config/request.ts';
import { DownloadError, MissingFile, resolveRepository } from '../hub/resolve.ts';
import type { Loading } from '../runs/loading.ts';
import { type DataFiles, dataFilesOf } from './files.ts';

/** Files of a dataset that are named in place of one that is missing. */
const MOST_NAMED = 6;

/**
 * Finds the data files of a config, on the hub if they are there, and reads them.
 * @returns what was read, and of what
 */
export async function readFiles<T>(
  request: Request,
  onLoading: (loading: Loading) => void,
  read: (files: DataFiles, onBytes: (bytes: number) => void) => Promise<T>,
): Promise<{ readonly data: T; readonly files: DataFiles }> {
  const fetched = (id: string, names: readonly string[]) =>
    resolveRepository(id, {
      kind: 'dataset',
      files: names,
      onProgress: ({ file, ...bytes }) => onLoading({ what: `downloading ${file}`, bytes }),
    }).catch((error) => {
      if (!(error instanceof DownloadError)) throw error;
      throw error instanceof MissingFile
        ? missingProblem(request, error)
        : downloadProblem(request, ['data', 'from'], error);
    });
  const files = await dataFilesOf(request, fetched);
  const paths = [files.train, files.validation];
  const sizes = await Promise.all(paths.map(async (file) => (await stat(file)).size));
  const total = sizes.reduce((sum, size) => sum + size);
  let done = 0;
  const data = await read(files, (bytes) => {
    done += bytes;
    onLoading({ what: 'reading data', bytes: { done, total } });
  });
  return { data, files };
}

/** What could not be had from the hub, at the key that names it. */
export function downloadProblem(request: Request, key: string[], { message }: DownloadError) {
  return request.problem(key, message, {
    expected: 'a repository of the Hugging Face hub that can be reached, or files on this machine',
  });
}

/** A file that a dataset has not, at the key that names it, and those that it may have been. */
function missingProblem(request: Request, { file, others, message }: MissingFile) {
  const key = request.config.data.train === file ? 'train' : 'validation';
  const tables = others.filter((name) => /\.(csv|tsv|jsonl|ndjson|parquet)$/i.test(name));
  const beside = tables.filter((name) => path.dirname(name) === path.dirname(file));
  const likely = beside.length > 0 ? beside : tables;
  const some = likely.slice(0, MOST_NAMED).join(', ');
  return request.problem(['data', key], message, {
    expected: `the path of a file in its repository${some && `, such as ${some}`}`,
    name: { wrong: file, valid: tables },
  });
}
