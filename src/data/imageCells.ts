/** Cells of a column of images: the path of a file, or in Parquet the file itself, as datasets on the Hub have it. */
import { closeSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { reasonOf } from '../config/errors.ts';
import { writtenIn } from './cells.ts';
import type { ImageSource } from './dataset.ts';
import { DataError, type Row, type Table } from './table.ts';

/** What Hugging Face's datasets stores of an `Image`. */
const imageFeature = z.object({
  bytes: z.instanceof(Uint8Array).nullish(),
  path: z.string().nullish(),
});

/** The path that a cell names, and the bytes that it holds; null for what it has not. */
function contentOf(cell: unknown): {
  readonly named: string | null;
  readonly bytes: Uint8Array | null;
} {
  if (cell instanceof Uint8Array) return { named: null, bytes: cell };
  const { data } = imageFeature.safeParse(cell);
  if (!data) return { named: writtenIn(cell)?.trim() || null, bytes: null };
  return { named: data.path || null, bytes: data.bytes ?? null };
}

/** The path that a cell names; empty if it names none. */
export function imageName(cell: unknown): string {
  return contentOf(cell).named ?? '';
}

/**
 * The image of a cell. It is not decoded, but is there and begins as PNG or JPEG does.
 * @throws DataError at the cell
 */
export function readImage(table: Table, row: Row, column: number): ImageSource {
  const { file = table.file, row: number } = row.position(column);
  const { named, bytes } = contentOf(row.cells[column]);
  const fail = (message: string, expected: string) => {
    throw new DataError(table.file, row.position(column), message, { expected });
  };
  const name = `column "${table.columns[column]}"`;
  if (bytes) {
    if (!isImage(bytes)) fail(`${name} is neither PNG nor JPEG`, 'the bytes of such a file');
    // A copy, because a cell is a view of the bytes of many.
    return { name: `row ${number} of ${file}`, bytes: bytes.slice() };
  }
  if (named === null) {
    return fail(
      `${name} has no image`,
      'the path of a PNG or JPEG file, or in Parquet its bytes, as a dataset on the Hub has them',
    );
  }
  const image = path.resolve(path.dirname(file), named);
  const complaint = complaintAbout(image);
  if (complaint !== null) {
    fail(
      `${named} ${complaint}`,
      `a PNG or JPEG file, relative to the folder of ${path.basename(file)}`,
    );
  }
  return { name: image, bytes: null };
}

const STARTS = ['89504e470d0a1a0a', 'ffd8ff'].map((hex) => Buffer.from(hex, 'hex'));
const LONGEST = Math.max(...STARTS.map(({ length }) => length));

/** What is wrong with a file that should be an image; null if nothing is. */
function complaintAbout(file: string): string | null {
  const head = Buffer.alloc(LONGEST);
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
  return isImage(head) ? null : 'is neither PNG nor JPEG';
}

function isImage(bytes: Uint8Array): boolean {
  return STARTS.some((start) => start.equals(bytes.subarray(0, start.length)));
}
