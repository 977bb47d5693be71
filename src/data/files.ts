import path from 'node:path';
import type { Request } from '../config/request.ts';
import { resolvedId } from '../hub/resolve.ts';

/** Paths of the data files on this machine. */
export interface DataFiles {
  readonly train: string;
  readonly validation: string;
  /** `owner/name@commit` of the dataset on the hub that they are of. */
  readonly source?: string;
}

/** Brings files of a dataset's repository here. @returns the folder that holds them */
export type FetchDataset = (id: string, files: readonly string[]) => Promise<string>;

/**
 * The data files of a config: those it names, or those of its dataset on the hub.
 * @throws ConfigError at the key of a file that is not there
 */
export async function dataFilesOf(request: Request, fetch: FetchDataset): Promise<DataFiles> {
  const { from, train, validation } = request.config.data;
  if (from === undefined) {
    return { train: request.dataFile('train'), validation: request.dataFile('validation') };
  }
  const folder = await fetch(from, [...new Set([train, validation])]);
  return {
    train: path.join(folder, train),
    validation: path.join(folder, validation),
    source: resolvedId(from, folder),
  };
}
