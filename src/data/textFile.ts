/** The text of a data file: decompressed, and decoded strictly. */
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { EncodingError, StrictDecoder } from '../config/encoding.ts';
import { reasonOf } from '../config/errors.ts';
import {
  foreignByContent,
  HEAD_BYTES,
  isArrow,
  isGzip,
  isParquet,
  readHead,
} from '../config/fileKinds.ts';
import { DataError, FIRST_POSITION, type TableFile } from './table.ts';

/**
 * Streams a text file as valid UTF-8 without a byte order mark.
 * @throws DataError at the first byte that is not text, for damaged gzip, and for files that are not text
 */
export async function* utf8Chunks(file: TableFile): AsyncGenerator<Buffer> {
  const decoder = new StrictDecoder();
  let isFirst = true;
  try {
    for await (const chunk of uncompressedChunks(file)) {
      if (isFirst) checkIsText(file.path, chunk);
      isFirst = false;
      const decoded = decoder.push(chunk);
      if (decoded.length > 0) yield decoded;
    }
    const rest = decoder.end();
    if (rest.length > 0) yield rest;
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    throw new DataError(file.path, error, error.message, { expected: error.expected });
  }
}

/** As {@link utf8Chunks}, which end where a character does, as text. */
export async function* textChunks(file: TableFile): AsyncGenerator<string> {
  for await (const chunk of utf8Chunks(file)) yield chunk.toString();
}

/** Refuses what its first bytes tell to be another kind of file. @throws DataError */
function checkIsText(file: string, head: Buffer): void {
  const foreign = foreignByContent(file, head);
  if (foreign) {
    throw new DataError(file, FIRST_POSITION, `the file is ${foreign.name}`, {
      expected: `a table. ${foreign.advice}`,
    });
  }
  if (isGzip(head)) {
    throw new DataError(file, FIRST_POSITION, 'the file is compressed by gzip twice', {
      expected: 'once, or not at all. Decompress it: gunzip',
    });
  }
  const binary = isParquet(head) ? 'Parquet' : isArrow(head) ? 'Arrow' : null;
  if (binary) {
    const format = binary.toLowerCase();
    throw new DataError(file, FIRST_POSITION, `the file is ${binary}`, {
      expected: `text. Rename it to .${format}, or set data.format: ${format}`,
    });
  }
}

async function* uncompressedChunks(file: TableFile): AsyncGenerator<Buffer> {
  if (!isGzip(readHead(file.path))) {
    yield* file.chunks();
    return;
  }
  const gunzip = createGunzip();
  // An error of either stream destroys both and is thrown by the iteration below.
  pipeline(file.chunks(), gunzip, () => {});
  const chunks: AsyncIterable<Buffer> = gunzip;
  try {
    yield* chunks;
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw damaged(file, reasonOf(error));
  }
  // What follows the last member is ignored by zlib; gzip itself allows zeros.
  const rest = await bytesFrom(file.path, gunzip.bytesWritten);
  if (rest.some((byte) => byte !== 0)) {
    throw damaged(file, `${rest.length} bytes after its end are not gzip`);
  }
}

function damaged(file: TableFile, problem: string): DataError {
  return new DataError(file.path, FIRST_POSITION, `damaged gzip: ${problem}`, {
    expected: 'a complete file. Write or download it again',
  });
}

async function bytesFrom(path: string, start: number): Promise<Buffer> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read({
      buffer: Buffer.alloc(Math.min(HEAD_BYTES, Math.max(0, size - start))),
      position: start,
    });
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
