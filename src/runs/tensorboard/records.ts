/** TFRecords: of each its length, a checksum of that, its data, a checksum of these. The format is tensorflow/core/lib/io/record_writer.h's. */
import { createReadStream } from 'node:fs';
import { foreignByContent } from '../../config/fileKinds.ts';

/** A file that is not as TensorFlow or `grain export` writes it. */
export class EventFileError extends Error {
  override readonly name = 'EventFileError';

  /** @param offset of the record in the file, in bytes */
  constructor(file: string, offset: number, what: string) {
    super(
      `${file}: byte ${offset}: ${what}. Expected a whole event file of TensorBoard. Copy it again from where it was written.`,
    );
  }
}

export interface RecordAt {
  /** Of its first byte in the file. */
  readonly offset: number;
  readonly data: Buffer;
}

/** Length and its checksum; checksum of the data. */
const [HEAD, TAIL] = [12, 4];

/** A longer one is a damaged length whose checksum happens to fit, or does not fit into memory. */
const LONGEST = 2 ** 30;

const BLOCK = 2 ** 20;

/** @returns the bytes of a record with the data */
export function record(data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, maskedChecksum(length), data, maskedChecksum(data)]);
}

/**
 * The records of a file, in memory one block at a time.
 * @throws EventFileError at the first record that is damaged or cut off
 */
export async function* recordsOf(file: string): AsyncGenerator<RecordAt> {
  // A record may come in a thousand blocks: they are joined once.
  let pending: Buffer[] = [];
  let [size, needed] = [0, HEAD];
  /** Of what is pending, in the file. */
  let start = 0;
  for await (const block of createReadStream(file, { highWaterMark: BLOCK })) {
    pending.push(block);
    size += block.length;
    if (size < needed) continue;
    const bytes: Buffer = pending.length === 1 ? block : Buffer.concat(pending);
    let at = 0;
    for (;;) {
      const length = lengthAt(bytes, at, file, start);
      needed = HEAD + (length === null ? 0 : length + TAIL);
      if (bytes.length < at + needed) break;
      const data = bytes.subarray(at + HEAD, at + needed - TAIL);
      const checksum = bytes.subarray(at + needed - TAIL, at + needed);
      if (!maskedChecksum(data).equals(checksum)) {
        throw new EventFileError(
          file,
          start + at,
          'the data of a record do not fit their checksum',
        );
      }
      yield { offset: start + at, data };
      at += needed;
    }
    pending = [bytes.subarray(at)];
    size = bytes.length - at;
    start += at;
  }
  if (size > 0) throw new EventFileError(file, start, 'the file ends within a record');
}

/** Null if the head of the record is not there yet. */
function lengthAt(bytes: Buffer, at: number, file: string, start: number): number | null {
  if (bytes.length < at + HEAD) return null;
  const length = bytes.subarray(at, at + 8);
  const count = Number(length.readBigUInt64LE());
  if (!maskedChecksum(length).equals(bytes.subarray(at + 8, at + HEAD)) || count > LONGEST) {
    const foreign = start + at === 0 ? foreignByContent(file, bytes) : null;
    const what = foreign
      ? `the file is ${foreign.name}. ${foreign.advice}`
      : 'the length of a record does not fit its checksum';
    throw new EventFileError(file, start + at, what);
  }
  return count;
}

/** TFRecords rotate the checksum and add a constant, so that checksums of checksums are sound. */
function maskedChecksum(bytes: Buffer): Buffer {
  const crc = crc32c(bytes);
  const masked = Buffer.alloc(4);
  masked.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return masked;
}

/** Castagnoli's polynomial, bits reflected: iSCSI's (RFC 3720), which Node's zlib does not have. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
