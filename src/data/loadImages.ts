import { closeSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { reasonOf } from '../config/errors.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { ImageData, ImageDataset } from './dataset.ts';
import type { DataFiles } from './files.ts';
import { targetIn, targetNumbers } from './labels.ts';
import { loadRows, type ReadRows, type RowReader } from './loadRows.ts';
import { DataError } from './table.ts';

/**
 * Streams and checks the training and validation files of a config whose examples are image files. The images themselves are not
 * decoded, but each is there and begins as PNG or JPEG does.
 * @param onBytes called with the number of bytes of each chunk that was read
 * @throws ConfigError at the key of the config, or the cell of the file, that is wrong
 */
export function loadImageData(
  parsed: ParsedConfig,
  files: DataFiles,
  onBytes: (bytes: number) => void,
): Promise<ImageData> {
  return loadRows(parsed, files, { readRow: imageReader(parsed), datasetOf }, onBytes);
}

function imageReader(parsed: ParsedConfig): RowReader<string> {
  return async (reader, table, row, { texts, target }, classes) => {
    const [column] = texts.values();
    const named = reader.text(row, column!);
    const { file = table.file } = row.position(column!);
    const image = path.resolve(path.dirname(file), named);
    const complaint = complaintAbout(image);
    if (complaint !== null) {
      throw new DataError(table.file, row.position(column!), `${named} ${complaint}`, {
        expected: `a PNG or JPEG file, relative to the folder of ${path.basename(file)}`,
      });
    }
    return {
      example: image,
      target: targetIn(reader, table, row, target, parsed, classes),
      empty: [],
    };
  };
}

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
const JPEG = Buffer.from('ffd8ff', 'hex');

/** What is wrong with a file that should be an image; null if nothing is. */
function complaintAbout(file: string): string | null {
  const head = Buffer.alloc(PNG.length);
  try {
    const handle = openSync(file, 'r');
    try {
      readSync(handle, head, 0, head.length, 0);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    return `cannot be read: ${reasonOf(error)}`;
  }
  const isImage = [PNG, JPEG].some((start) => start.equals(head.subarray(0, start.length)));
  return isImage ? null : 'is neither PNG nor JPEG';
}

function datasetOf(
  { examples, targets }: ReadRows<string>,
  classes: readonly string[],
): ImageDataset {
  return { count: examples.length, files: examples, targets: targetNumbers(targets, classes) };
}
