import { stat } from 'node:fs/promises';
import { resolveRepository } from '../huggingface/resolve.ts';
import type { Request } from '../request.ts';
import type { Loading } from '../subject.ts';
import { type DataFiles, dataFilesOf } from './files.ts';

/** Finds the data files of a config, on the hub if they are there, and reads them. */
export async function readFiles<T>(
  request: Request,
  onLoading: (loading: Loading) => void,
  read: (files: DataFiles, onBytes: (bytes: number) => void) => Promise<T>,
): Promise<T> {
  const files = await dataFilesOf(request, (id, names) =>
    resolveRepository(id, {
      kind: 'dataset',
      files: names,
      onProgress: ({ file, done, total }) =>
        onLoading({ what: `downloading ${file}`, done, total }),
    }),
  );
  const paths = [files.train, files.validation];
  const sizes = await Promise.all(paths.map(async (file) => (await stat(file)).size));
  const total = sizes.reduce((sum, size) => sum + size);
  let done = 0;
  return read(files, (bytes) => {
    done += bytes;
    onLoading({ what: 'reading data', done, total });
  });
}
