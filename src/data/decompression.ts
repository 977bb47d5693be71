/** Decompression that does not pass over damage, where the libraries do. */
import zlib from 'node:zlib';
import { decompressZstd } from 'hyparquet-compressors';

/** The library does not compare the length in a frame's header (RFC 8878, 3.1.1.1) with what it finds. */
export function decompressZstandard(bytes: Uint8Array, length: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(4);
  const isSingle = (flags & 32) !== 0;
  const at = 5 + Number(!isSingle) + [0, 1, 2, 4][flags & 3]!;
  const sizes = {
    0: () => (isSingle ? view.getUint8(at) : length),
    1: () => view.getUint16(at, true) + 256,
    2: () => view.getUint32(at, true),
    3: () => Number(view.getBigUint64(at, true)),
  };
  const size = sizes[(flags >> 6) as keyof typeof sizes]();
  if (size !== length) throw new Error(`a ZSTD frame of ${size} bytes, expected ${length}`);
  // Node's own, since 22.15, finds more damage.
  if (!zlib.zstdDecompressSync) return decompressZstd(bytes);
  const { buffer, engine } = zlib.zstdDecompressSync(bytes, {
    maxOutputLength: Math.max(1, length),
    info: true,
  }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
  if (engine.bytesWritten !== bytes.length) throw new Error('bytes after the end of a ZSTD frame');
  return buffer;
}

/** Of LZ4 frames (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md). */
const MAGIC = 0x184d2204;

/** One frame. Checksums of its content, which Arrow does not write, are not compared. @throws Error if it is damaged, or not `length` bytes when decompressed */
export function decompressLz4Frame(bytes: Uint8Array, length: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(4);
  const has = (bit: number) => ((flags >> bit) & 1) === 1;
  if (view.getUint32(0, true) !== MAGIC || flags >> 6 !== 1 || has(0) || has(1)) {
    throw new Error('a damaged LZ4 frame');
  }
  const [blockChecksum, contentSize, contentChecksum] = [has(4), has(3), has(2)];
  const described = bytes.subarray(4, contentSize ? 14 : 6);
  const sizes = view.getUint8(5);
  if (
    (sizes & 0x8f) !== 0 ||
    sizes >> 4 < 4 ||
    ((xxh32(described) >> 8) & 255) !== bytes[4 + described.length]
  ) {
    throw new Error('a damaged LZ4 frame: its header');
  }
  if (contentSize && view.getBigUint64(6, true) !== BigInt(length)) {
    throw new Error('a damaged LZ4 frame: its size');
  }
  const output = new Uint8Array(length);
  let at = 7 + (contentSize ? 8 : 0);
  let end = 0;
  for (;;) {
    const header = view.getUint32(at, true);
    at += 4;
    if (header === 0) break;
    const size = header & 0x7fffffff;
    if (at + size > bytes.length) throw new Error('a damaged LZ4 frame: cut off');
    const block = bytes.subarray(at, at + size);
    if (header >>> 31 === 0) end = decompressLz4Block(block, output, end);
    else {
      if (end + size > length) throw new Error('a damaged LZ4 frame: too long');
      output.set(block, end);
      end += size;
    }
    at += size + (blockChecksum ? 4 : 0);
  }
  if (at + (contentChecksum ? 4 : 0) !== bytes.length)
    throw new Error('a damaged LZ4 frame: its end');
  return output.subarray(0, end);
}

/** xxHash of 32 bits with seed 0 (https://github.com/Cyan4973/xxHash), of fewer than 16 bytes. */
function xxh32(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const rotated = (x: number, by: number) => (x << by) | (x >>> (32 - by));
  let hash = 374761393 + bytes.length;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    const mixed = hash + Math.imul(view.getUint32(at, true), 3266489917);
    hash = Math.imul(rotated(mixed, 17), 668265263);
  }
  for (; at < bytes.length; at++) {
    hash = Math.imul(rotated(hash + Math.imul(bytes[at]!, 374761393), 11), 2654435761);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 2246822519);
  hash = Math.imul(hash ^ (hash >>> 13), 3266489917);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Literals and copies of what came before, also in earlier blocks.
 * @param start where the block's bytes go
 * @returns where they end
 */
export function decompressLz4Block(block: Uint8Array, output: Uint8Array, start: number): number {
  const damaged = () => new Error('a damaged LZ4 block');
  let [at, end] = [0, start];
  const lengthFrom = (nibble: number) => {
    let length = nibble;
    if (nibble < 15) return length;
    for (let byte = 255; byte === 255; length += byte) {
      if (at >= block.length) throw damaged();
      byte = block[at++]!;
    }
    return length;
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = lengthFrom(token >> 4);
    if (at + literals > block.length || end + literals > output.length) throw damaged();
    output.set(block.subarray(at, at + literals), end);
    at += literals;
    end += literals;
    // The last sequence has no copy.
    if (at === block.length) return end;
    if (at + 2 > block.length) throw damaged();
    const distance = block[at]! | (block[at + 1]! << 8);
    at += 2;
    const copied = 4 + lengthFrom(token & 15);
    if (distance === 0 || distance > end || end + copied > output.length) throw damaged();
    for (const last = end + copied; end < last; end++) output[end] = output[end - distance]!;
  }
  throw damaged();
}
