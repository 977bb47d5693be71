import type { Compressors } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { decompressLz4Block, decompressZstandard } from '../decompression.ts';

type Decompress = (bytes: Uint8Array, length: number) => Uint8Array;

/** The library's, which fill up with zeros or stop where a page is shorter or longer than its header says: that is an error here. */
export const strictCompressors: Compressors = Object.fromEntries(
  Object.entries<Decompress>({
    ...(compressors as Record<string, Decompress>),
    SNAPPY: (bytes, length) => {
      checkLength(snappyLength(bytes), length);
      return compressors.SNAPPY!(bytes, length);
    },
    GZIP: (bytes, length) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      checkLength(view.getUint32(bytes.length - 4, true), length % 2 ** 32);
      return compressors.GZIP!(bytes, length);
    },
    ZSTD: decompressZstandard,
    LZ4_RAW: (bytes, length) => {
      const output = new Uint8Array(length);
      return output.subarray(0, decompressLz4Block(bytes, output, 0));
    },
  }).map(([name, decompress]) => [
    name,
    (bytes: Uint8Array, length: number) => {
      const plain = decompress(bytes, length);
      checkLength(plain.length, length);
      return plain;
    },
  ]),
);

/** The length that a block of Snappy begins with (https://github.com/google/snappy/blob/main/format_description.txt). */
function snappyLength(bytes: Uint8Array): number {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[i] ?? 0;
    length += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) break;
  }
  return length;
}

function checkLength(found: number, expected: number): void {
  if (found !== expected) throw new Error(`a page of ${found} bytes, expected ${expected}`);
}
