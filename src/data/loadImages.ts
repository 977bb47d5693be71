import type { ParsedConfig } from '../config/parse.ts';
import type { ImageData, ImageDataset, ImageSource } from './dataset.ts';
import type { DataFiles } from './files.ts';
import { readImage } from './imageCells.ts';
import { targetIn, targetNumbers } from './labels.ts';
import { loadRows, type ReadRows, type RowReader } from './loadRows.ts';

/**
 * Streams and checks the training and validation files of a config whose examples are images, in files of their own or in those of
 * the data. The images themselves are not decoded, but each is there and begins as PNG or JPEG does.
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

function imageReader(parsed: ParsedConfig): RowReader<ImageSource> {
  return async (reader, table, row, { texts, target }, classes) => {
    const [column] = texts.values();
    return {
      example: readImage(table, row, column!),
      target: targetIn(reader, table, row, target, parsed, classes),
      empty: [],
    };
  };
}

function datasetOf(
  { examples, targets }: ReadRows<ImageSource>,
  classes: readonly string[],
): ImageDataset {
  return { count: examples.length, images: examples, targets: targetNumbers(targets, classes) };
}
