/** What Parquet and Arrow have in common: files that are not text, read by their ranges. */
import { reasonOf } from '../config/errors.ts';
import { foreignByContent, isArrow, isGzip, isParquet, readHead } from '../config/fileKinds.ts';
import { DataError, FIRST_POSITION, type TableFile } from './table.ts';

/** The name of a binary format, as messages say it. */
export type BinaryFormat = 'Parquet' | 'Arrow';

const isOf: Readonly<Record<BinaryFormat, (head: Buffer) => boolean>> = {
  Parquet: isParquet,
  Arrow: isArrow,
};

/** @throws DataError if a file's first bytes are not those of the format */
export function checkFormat(path: string, format: BinaryFormat): void {
  const head = readHead(path);
  if (isOf[format](head)) return;
  const foreign = foreignByContent(path, head);
  const other = (['Parquet', 'Arrow'] as const).find((name) => isOf[name](head));
  let [found, advice] = [`not ${format}`, 'Download or write it again, or set data.format'];
  if (head.length === 0) found = 'empty';
  else if (foreign) [found, advice] = [foreign.name, foreign.advice];
  else if (other) [found, advice] = [other, `Set data.format: ${other.toLowerCase()}`];
  else if (isGzip(head)) {
    [found, advice] = ['compressed by gzip', `Decompress it: ${format} compresses by itself`];
  }
  throw new DataError(path, FIRST_POSITION, `the file is ${found}`, {
    expected: `a file of ${format}. ${advice}`,
  });
}

/** @throws DataError if two columns have the same name */
export function checkNames({ path }: TableFile, columns: readonly string[]): void {
  const repeated = columns.find((name, i) => columns.indexOf(name) !== i);
  if (repeated === undefined) return;
  throw new DataError(path, FIRST_POSITION, `column "${repeated}" appears twice`, {
    expected: 'a different name for each column',
  });
}

/**
 * Reads the file a second time, in order, in step with its rows, so that its bytes are counted and hashed: rows themselves are
 * read by their ranges.
 */
export class ProgressReader {
  readonly #chunks: AsyncGenerator<Buffer>;
  #bytes = 0;

  constructor(file: TableFile) {
    this.#chunks = file.chunks();
  }

  async readTo(bytes: number): Promise<void> {
    while (this.#bytes < bytes) {
      const chunk = await this.#chunks.next();
      if (chunk.done) return;
      this.#bytes += chunk.value.length;
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined);
  }
}

/** Turns what decoding throws into a DataError. @param row the first of those that are decoded */
export async function decode<T>(
  file: TableFile,
  format: BinaryFormat,
  row: number,
  decoding: () => T | Promise<T>,
): Promise<T> {
  try {
    return await decoding();
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw damaged(file, format, row, reasonOf(error));
  }
}

export function damaged(
  { path }: TableFile,
  format: BinaryFormat,
  row: number,
  message: string,
): DataError {
  return new DataError(path, { ...FIRST_POSITION, row }, message, {
    expected: `a complete file of ${format}. Download or write it again, or set data.format`,
  });
}

/** Most times that a buffer may be longer than its compressed bytes: run lengths of one value compress a lot. */
export const MOST_GROWTH = 100_000;
