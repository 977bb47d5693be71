import { stat } from 'node:fs/promises';
import type { Loading } from '../../runs/loading.ts';
import { DownloadError, resolveRepository } from '../huggingface/resolve.ts';
import type { Request } from '../request.ts';
import { type DataFiles, dataFilesOf } from './files.ts';

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
      throw downloadProblem(request, ['data', 'from'], error);
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
    expected: 'a repository of the Hugging Face hub that can be reached, or a folder',
  });
}
