/**
 * Checks that the pages of a Parquet file are as its metadata say. The library trusts what it reads: a damaged size would give
 * other rows, endless loops, or more memory than there is.
 */
import { crc32 } from 'node:zlib';
import {
  type AsyncBuffer,
  type ColumnMetaData,
  type CompressionCodec,
  type FileMetaData,
  parquetSchema,
  type RowGroup,
} from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { MOST_GROWTH } from '../binaryFile.ts';
import { strictCompressors } from './compression.ts';
import { rangeOf } from './metadata.ts';
import { checkThrift, pageHeader } from './thrift.ts';

/**
 * @param names of the columns that are read
 * @throws Error for the first page that does not fit
 */
export async function checkPages(
  buffer: AsyncBuffer,
  metadata: FileMetaData,
  { columns, num_rows }: RowGroup,
  names: readonly string[],
): Promise<void> {
  const optional = optionalColumns(metadata);
  for (const { meta_data: column } of columns) {
    if (!column || !names.includes(column.path_in_schema[0]!)) continue;
    const { start, end } = rangeOf(column);
    const bytes = Buffer.from(await buffer.slice(start, end));
    const isFlat = column.path_in_schema.length === 1;
    const isOptional = optional.has(column.path_in_schema[0]!);
    const values = valuesIn(bytes, column, { isFlat, isOptional });
    if (values !== Number(column.num_values) || (isFlat && values !== Number(num_rows))) {
      throw new Error(
        `${values} values in the pages of column "${column.path_in_schema.join('.')}", ${num_rows} rows`,
      );
    }
  }
}

/** Columns whose values may be missing. */
function optionalColumns(metadata: FileMetaData): ReadonlySet<string> {
  const { children } = parquetSchema(metadata);
  return new Set(
    children.flatMap(({ element }) => (element.repetition_type === 'OPTIONAL' ? element.name : [])),
  );
}

/** How many values the pages of a column have. */
function valuesIn(
  bytes: Buffer,
  { type, codec }: ColumnMetaData,
  { isFlat, isOptional }: { readonly isFlat: boolean; readonly isOptional: boolean },
): number {
  const reader = {
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    offset: 0,
  };
  let values = 0;
  let hasDictionary = false;
  for (let isFirst = true; reader.offset < bytes.length; isFirst = false) {
    checkThrift(bytes, reader.offset, pageHeader);
    const header = parquetHeader(reader);
    const { compressed_page_size: size, uncompressed_page_size: plain } = header;
    const end = reader.offset + size;
    if (!(size >= 0 && end <= bytes.length)) throw new Error(`a page of ${size} bytes`);
    if (!(plain >= 0 && plain <= MOST_GROWTH * (size + 1))) {
      throw new Error(`a page of ${size} bytes that are ${plain} when decompressed`);
    }
    if (
      header.crc !== undefined &&
      header.crc >>> 0 !== crc32(bytes.subarray(reader.offset, end))
    ) {
      throw new Error('a page whose checksum is wrong');
    }
    if (header.type === 'DICTIONARY_PAGE') {
      if (!isFirst) throw new Error('a dictionary after pages');
      hasDictionary = true;
    } else if (isOfIndices(header) && !hasDictionary) {
      throw new Error('indices without a dictionary');
    }
    values += valuesOf(header);
    if (isFlat) checkLevels(header, bytes.subarray(reader.offset, end), isOptional);
    if (type === 'BOOLEAN') checkRuns(header, bytes.subarray(reader.offset, end), codec);
    reader.offset = end;
  }
  return values;
}

/** Whether the values of a page are indices into a dictionary. */
function isOfIndices(header: ReturnType<typeof parquetHeader>): boolean {
  const { encoding } = header.data_page_header ?? header.data_page_header_v2 ?? {};
  return encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY';
}

/** Values of a page by its header, which must have all that belongs to its type; 0 for dictionaries and indices. */
function valuesOf(header: ReturnType<typeof parquetHeader>): number {
  const { type, compressed_page_size: size, uncompressed_page_size: plain } = header;
  const isCount = (...counts: unknown[]) =>
    counts.every((n) => Number.isInteger(n) && (n as number) >= 0);
  const { data_page_header: first, data_page_header_v2: second } = header;
  const dictionary = header.dictionary_page_header;
  if (type === 'INDEX_PAGE') return 0;
  const isPlain = dictionary?.encoding === 'PLAIN' || dictionary?.encoding === 'PLAIN_DICTIONARY';
  if (type === 'DICTIONARY_PAGE' && isPlain && isCount(dictionary.num_values)) {
    // A bit is the least that a value takes.
    if (dictionary.num_values <= 8 * (plain + 1)) return 0;
  }
  if (type === 'DATA_PAGE' && first?.encoding && isCount(first.num_values)) {
    if (first.definition_level_encoding && first.repetition_level_encoding) return first.num_values;
  }
  if (type === 'DATA_PAGE_V2' && second?.encoding) {
    const { num_values, num_nulls, num_rows } = second;
    const levels = [second.definition_levels_byte_length, second.repetition_levels_byte_length];
    const isWhole = isCount(num_values, num_nulls, num_rows, ...levels);
    const isWithin = num_nulls <= num_values && levels[0]! + levels[1]! <= Math.min(size, plain);
    if (isWhole && isWithin) return num_values;
  }
  throw new Error(`a damaged header of a page (${type})`);
}

/** Booleans as run lengths must be as many as the header says: the library takes what is missing for false. */
function checkRuns(
  header: ReturnType<typeof parquetHeader>,
  page: Buffer,
  codec: CompressionCodec,
): void {
  const { data_page_header_v2: second, uncompressed_page_size: plain } = header;
  if (second?.encoding !== 'RLE') return;
  const levels = second.repetition_levels_byte_length + second.definition_levels_byte_length;
  const isCompressed = second.is_compressed !== false && codec !== 'UNCOMPRESSED';
  const stored = page.subarray(levels);
  const runs = Buffer.from(
    isCompressed ? strictCompressors[codec]!(stored, plain - levels) : stored,
  );
  const isWhole =
    runs.length >= 4 &&
    runs.readUInt32LE() === runs.length - 4 &&
    countOnes(runs.subarray(4), second.num_values - second.num_nulls) >= 0;
  if (!isWhole) throw new Error('a damaged page of booleans');
}

/** The levels of a second version's page, which say where values are missing, must be as its header says. */
function checkLevels(
  header: ReturnType<typeof parquetHeader>,
  page: Buffer,
  isOptional: boolean,
): void {
  const { data_page_header_v2: second } = header;
  if (!second) return;
  if (second.definition_levels_byte_length > 0 !== isOptional) {
    throw new Error('levels of missing values that do not fit the column');
  }
  if (!isOptional) return;
  const { num_values, num_nulls, definition_levels_byte_length: length } = second;
  const start = second.repetition_levels_byte_length;
  const present = countOnes(page.subarray(start, start + length), num_values);
  if (present !== num_values - num_nulls)
    throw new Error('missing values that are not in the header');
}

/**
 * Counts the ones among levels of 0 and 1, in the hybrid of run lengths and bits that Parquet writes.
 * @returns −1 for levels that are not `count` in all these bytes
 */
function countOnes(bytes: Buffer, count: number): number {
  let [at, seen, ones] = [0, 0, 0];
  while (at < bytes.length && seen < count) {
    let run = 0;
    for (let factor = 1; at < bytes.length; factor *= 128) {
      const byte = bytes[at++]!;
      run += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    if (run % 2 === 0) {
      const values = run / 2;
      if (values > count - seen) return -1;
      seen += values;
      if (bytes[at++] === 1) ones += values;
    } else {
      const end = at + (run - 1) / 2;
      if (end > bytes.length) return -1;
      for (; at < end; at++) {
        for (let bit = 0; bit < 8 && seen < count; bit++, seen++) ones += (bytes[at]! >> bit) & 1;
      }
    }
  }
  return seen === count && at === bytes.length ? ones : -1;
}
