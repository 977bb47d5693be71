/**
 * TensorBoard's event files: TFRecords, each an Event of tensorflow/core/util/event.proto, of which three fields are used. The
 * format is that of tensorflow/core/lib/io/record_writer.h.
 */
import type { RunSummary } from '../store.ts';
import { type Scalar, scalarsOf } from './scalars.ts';

/** The records of a file that has the scalars of a run with the tags of their series. */
export async function* eventRecords(run: RunSummary): AsyncGenerator<Buffer> {
  yield record(event(createdAt(run), 0, bytesField(3, Buffer.from('brain.Event:2'))));
  for await (const scalar of scalarsOf(run)) yield record(summaryOf(scalar));
}

/** As TensorBoard expects it, which takes files with "tfevents" in their names. */
export function eventFileName(run: RunSummary): string {
  const seconds = Math.floor(createdAt(run) / 1000);
  return `events.out.tfevents.${String(seconds).padStart(10, '0')}.grain`;
}

function createdAt({ manifest }: RunSummary): number {
  return Date.parse(manifest.createdAt);
}

/** Event { wall_time = 1 (double), step = 2 (int64), summary = 5 { value = 1 { tag = 1, simple_value = 2 (float) } } } */
function summaryOf({ at, step, series, value }: Scalar): Buffer {
  const simple = Buffer.alloc(4);
  simple.writeFloatLE(value);
  const entry = Buffer.concat([bytesField(1, Buffer.from(series)), tag(2, FIXED32), simple]);
  return event(at, step, bytesField(5, bytesField(1, entry)));
}

function event(at: number, step: number, rest: Buffer): Buffer {
  const wallTime = Buffer.alloc(8);
  wallTime.writeDoubleLE(at / 1000);
  return Buffer.concat([tag(1, FIXED64), wallTime, tag(2, VARINT), varint(step), rest]);
}

/** Wire types of protocol buffers. */
const [VARINT, FIXED64, LENGTH_DELIMITED, FIXED32] = [0, 1, 2, 5];

function bytesField(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([tag(field, LENGTH_DELIMITED), varint(bytes.length), bytes]);
}

function tag(field: number, wireType: number): Buffer {
  return varint(field * 8 + wireType);
}

/** Seven bits a byte, the lowest first. @param value whole, not negative */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
}

/** Length, its checksum, the data, its checksum. */
function record(data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, maskedChecksum(length), data, maskedChecksum(data)]);
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
