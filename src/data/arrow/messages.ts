/** The messages of an Arrow file: a schema, dictionaries and record batches, each with metadata and a body of buffers. */
import type { FileHandle } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { Type } from '@uwdata/flechette';
import { MOST_GROWTH } from '../binaryFile.ts';
import { FlatTable } from './flatbuffer.ts';
import { type ArrowField, fieldsOf, partsOf, sumOf } from './schema.ts';

/** A message whose metadata are checked. */
export interface Message {
  /** The message as a stream has it, for flechette; bodies begin at multiples of 8 bytes. */
  readonly bytes: Uint8Array;
  /** Rows, or values of a dictionary. */
  readonly length: number;
  /** Null for a record batch. */
  readonly dictionary: { readonly id: number; readonly isDelta: boolean } | null;
  /** In the file. */
  readonly end: number;
}

export interface Opened {
  readonly fields: readonly ArrowField[];
  readonly schema: Uint8Array;
  /** In the order in which they are meant. */
  messages(): AsyncGenerator<Message>;
}

const MAGIC = 'ARROW1';
const PREFIX = 8;
const SCHEMA = 1;
const DICTIONARY = 2;
const RECORDS = 3;

/** @throws Error for a file that is damaged */
export async function openMessages(file: FileHandle): Promise<Opened> {
  const { size } = await file.stat();
  const isFile = (await bytesAt(file, size, 0, PREFIX)).toString('latin1', 0, 6) === MAGIC;
  const start = isFile ? PREFIX : 0;
  const first = await readHeader(file, size, start);
  if (first?.type !== SCHEMA || first.bodyLength !== 0)
    throw new Error('no schema at its beginning');
  const fields = fieldsOf(first.header);
  const blocks = isFile ? await blocksOf(file, size, fields) : null;
  return {
    fields,
    schema: first.bytes,
    messages: () =>
      blocks ? listed(file, size, fields, blocks) : streamed(file, size, fields, first.end),
  };
}

/** Where the file's index says that a message is. */
type Block = readonly [offset: number, metadataLength: number, bodyLength: number];

interface Blocks {
  readonly dictionaries: readonly Block[];
  readonly records: readonly Block[];
}

/** The index at the end of a file, which must agree with its beginning. */
async function blocksOf(
  file: FileHandle,
  size: number,
  fields: readonly ArrowField[],
): Promise<Blocks> {
  const tail = await bytesAt(file, size, size - 10, 10);
  if (tail.toString('latin1', 4) !== MAGIC) throw new Error('the file is cut off: it has no end');
  const length = tail.readInt32LE();
  if (length <= 0) throw new Error('damaged metadata at its end');
  const footer = FlatTable.root(aligned(await bytesAt(file, size, size - 10 - length, length)));
  if (!isDeepStrictEqual(fieldsOf(footer.table(1)), fields)) {
    throw new Error('the schemas at its beginning and at its end differ');
  }
  footer.checkPairs(4);
  const blocks = (field: number) =>
    // The second integer is of 32 bits, and followed by padding.
    footer.int64s(field, 3).map(([at, metadata, body]): Block => [at!, metadata! % 2 ** 32, body!]);
  return { dictionaries: blocks(2), records: blocks(3) };
}

/** The messages of the file format: dictionaries may stand anywhere. */
async function* listed(
  file: FileHandle,
  size: number,
  fields: readonly ArrowField[],
  { dictionaries, records }: Blocks,
): AsyncGenerator<Message> {
  const seen = new Set<number>();
  for (const block of dictionaries) {
    const message = await listedMessage(file, size, fields, block);
    if (!message.dictionary) throw new Error('a record batch in place of a dictionary');
    const { id, isDelta } = message.dictionary;
    if (seen.has(id) && !isDelta) throw new Error(`dictionary ${id} is there twice`);
    seen.add(id);
    yield message;
  }
  for (const block of records) {
    const message = await listedMessage(file, size, fields, block);
    if (message.dictionary) throw new Error('a dictionary in place of a record batch');
    yield message;
  }
}

async function listedMessage(
  file: FileHandle,
  size: number,
  fields: readonly ArrowField[],
  [offset, metadataLength, bodyLength]: Block,
): Promise<Message> {
  const header = offset % 8 === 0 ? await readHeader(file, size, offset) : null;
  if (!header || header.bodyLength !== bodyLength || header.bodyAt !== offset + metadataLength) {
    throw new Error('the index at its end does not fit');
  }
  return readMessage(file, size, fields, header);
}

/** The messages of the stream format, up to its end mark: without one it was cut off. */
async function* streamed(
  file: FileHandle,
  size: number,
  fields: readonly ArrowField[],
  start: number,
): AsyncGenerator<Message> {
  for (let at = start; ; ) {
    const header = await readHeader(file, size, at);
    if (!header) {
      if (at + PREFIX === size) return;
      throw new Error(`${size - at - PREFIX} bytes after its end`);
    }
    const message = await readMessage(file, size, fields, header);
    yield message;
    at = message.end;
  }
}

interface Header {
  readonly type: number;
  readonly header: FlatTable;
  /** Prefix and metadata, padded to a multiple of 8 bytes. */
  readonly bytes: Uint8Array;
  readonly bodyAt: number;
  readonly bodyLength: number;
  readonly end: number;
}

/** @returns null for the mark of the end */
async function readHeader(file: FileHandle, size: number, at: number): Promise<Header | null> {
  const prefix = await bytesAt(file, size, at, PREFIX);
  if (prefix.readInt32LE() !== -1) throw new Error('no message where one should be');
  const length = prefix.readInt32LE(4);
  if (length === 0) return null;
  if (length < 0 || length % 8 !== 0) throw new Error(`metadata of ${length} bytes`);
  const bytes = aligned(await bytesAt(file, size, at, PREFIX + length));
  const message = FlatTable.root(bytes.subarray(PREFIX));
  const header = message.table(2);
  message.checkPairs(4);
  const [version, type] = [message.int16(0), message.int8(1)];
  if (version < 3 || version > 4) throw new Error(`version ${version + 1} of its metadata`);
  if (!header) throw new Error('damaged metadata');
  const bodyLength = message.int64(3);
  const bodyAt = at + PREFIX + length;
  if (bodyLength < 0 || bodyAt + bodyLength > size) throw new Error('the file is cut off');
  return { type, header, bytes, bodyAt, bodyLength, end: bodyAt + bodyLength };
}

async function readMessage(
  file: FileHandle,
  size: number,
  fields: readonly ArrowField[],
  { type, header, bytes, bodyAt, bodyLength, end }: Header,
): Promise<Message> {
  if (type !== DICTIONARY && type !== RECORDS) throw new Error(`a message of kind ${type}`);
  const body = await bytesAt(file, size, bodyAt, bodyLength);
  const whole = new Uint8Array(bytes.length + body.length);
  whole.set(bytes);
  whole.set(body, bytes.length);
  if (type === RECORDS) {
    return { bytes: whole, length: checkBatch(header, fields, body), dictionary: null, end };
  }
  const [id, batch] = [header.int64(0), header.table(1)];
  const field = allOf(fields).find(({ dictionary }) => dictionary?.id === id);
  if (!field || !batch) throw new Error(`dictionary ${id} belongs to no column`);
  const length = checkBatch(batch, [{ ...field, dictionary: null }], body);
  return { bytes: whole, length, dictionary: { id, isDelta: header.int8(2) !== 0 }, end };
}

function allOf(fields: readonly ArrowField[]): readonly ArrowField[] {
  return fields.flatMap((field) => [field, ...allOf(field.children)]);
}

/** Checks that a batch has the parts of its fields, and that they lie within its body. @returns its length */
function checkBatch(batch: FlatTable, fields: readonly ArrowField[], body: Buffer): number {
  const length = batch.int64(0);
  const [nodes, buffers] = [batch.int64s(1, 2), batch.int64s(2, 2)];
  const views = batch.int64s(4, 1).map(([count]) => count!);
  const expected = sumOf(fields.map(partsOf));
  const inViews = views.reduce((sum, count) => sum + count, 0);
  const fits =
    !expected ||
    (nodes.length === expected.nodes &&
      views.length === expected.views &&
      views.every((count) => count >= 0) &&
      buffers.length === expected.buffers + inViews);
  if (!fits) throw new Error('a batch whose parts are not those of its columns');
  const compression = batch.table(3);
  if (compression && (compression.int8(0) > 1 || compression.int8(0) < 0 || compression.int8(1))) {
    throw new Error('a compression other than LZ4 and ZSTD');
  }
  let bytes = 0;
  for (const [offset, size] of buffers as [number, number][]) {
    if (offset < 0 || offset % 8 !== 0 || size < 0 || offset + size > body.length) {
      throw new Error('a buffer that lies beyond its batch');
    }
    bytes += compression ? plainLength(body, offset, size) : size;
  }
  // A bit is the least that a value takes, missing or not.
  const most = fields.every(takesNothing) ? 2 ** 31 - 1 : 8 * bytes;
  const isLength = (n: number) => n >= 0 && n <= most;
  const areNodes = nodes.every(
    ([count, nulls]) => isLength(count!) && nulls! >= 0 && nulls! <= count!,
  );
  if (!isLength(length) || !areNodes) throw new Error(`a batch of ${length} rows`);
  return length;
}

/** Types whose values take no bytes of their own: nulls, and repetitions of another value. */
function takesNothing({ type, dictionary }: ArrowField): boolean {
  return dictionary === null && (type === Type.Null || type === Type.RunEndEncoded);
}

/** Of a compressed buffer. */
function plainLength(body: Buffer, offset: number, size: number): number {
  if (size === 0) return 0;
  const length = size < 8 ? Number.NaN : Number(body.readBigInt64LE(offset));
  if (length === -1) return size - 8;
  if (length >= 0 && length <= MOST_GROWTH * size) return length;
  throw new Error(`a buffer of ${size} bytes that are ${length} when decompressed`);
}

/** @throws Error unless the file has them all */
async function bytesAt(
  file: FileHandle,
  size: number,
  at: number,
  length: number,
): Promise<Buffer> {
  if (at < 0 || at + length > size) throw new Error('the file is cut off');
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let read = 0; read < length; ) {
    const { bytesRead } = await file.read(bytes, read, length - read, at + read);
    if (bytesRead === 0) throw new Error('the file is cut off');
    read += bytesRead;
  }
  return bytes;
}

/** A view that begins at a multiple of 8 bytes in its memory. */
function aligned(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
