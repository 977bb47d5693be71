/** The values of a column of Arrow, exactly, from buffers whose bounds are checked. */
import { isUtf8 } from 'node:buffer';
import { type Column, type DataType, Type } from '@uwdata/flechette';
import { decimal, exactCell, timestamp } from '../exactValues.ts';

/** What flechette has of a column in a record batch. */
interface Batch {
  readonly length: number;
  readonly nullCount: number;
  readonly validity?: Uint8Array;
  readonly values: Values;
  readonly offsets?: Int32Array | BigInt64Array;
  /** Of views: what their long values are in. */
  readonly data?: readonly Uint8Array[];
  readonly dictionary?: Column<unknown>;
  value(index: number): unknown;
}

type Values = { readonly length: number } & { readonly [index: number]: number | bigint };

type Cells = (index: number) => unknown;

/** @throws Error if buffers are shorter than the column, or say something else than its metadata; later, for a damaged value */
export function cellsOf(column: Column<unknown>): Cells[] {
  return column.data.map((batch) => cellsIn(batch as unknown as Batch, column.type));
}

function cellsIn(batch: Batch, type: DataType): Cells {
  const isValid = validityOf(batch, type);
  const valueAt = valuesOf(batch, type);
  return (index) => (isValid(index) ? valueAt(index) : null);
}

function validityOf({ length, nullCount, validity }: Batch, { typeId }: DataType) {
  if (nullCount === 0 || typeId === Type.Null) return () => true;
  checkLength(8 * (validity?.length ?? 0), length);
  const isValid = (index: number) => ((validity![index >> 3]! >> (index & 7)) & 1) === 1;
  let nulls = 0;
  for (let i = 0; i < length; i++) nulls += Number(!isValid(i));
  if (nulls !== nullCount) throw new Error(`${nulls} missing values, expected ${nullCount}`);
  return isValid;
}

function valuesOf(batch: Batch, type: DataType): Cells {
  const { values, length } = batch;
  switch (type.typeId) {
    case Type.Null:
      return () => null;
    case Type.Bool:
      checkLength(8 * values.length, length);
      return (i) => batch.value(i);
    case Type.Int:
    case Type.Time:
    case Type.Duration:
    case Type.Float:
      checkLength(values.length, length);
      return (i) => exactCell(batch.value(i));
    case Type.Decimal: {
      const { scale, precision, bitWidth } = type;
      checkLength(values.length, bitWidth === 32 ? length : (length * bitWidth) / 64);
      return (i) =>
        decimal(withDigits(BigInt(batch.value(i) as number | bigint), precision), scale);
    }
    case Type.Date:
      checkLength(values.length, length);
      return (i) => dateOf(values[i]!, type.unit === 0 ? 86_400n : null);
    case Type.Timestamp:
      checkLength(values.length, length);
      return (i) => timestamp(values[i] as bigint, 3 * type.unit);
    case Type.FixedSizeBinary:
      checkLength(values.length, length * type.stride);
      return (i) => exactCell(batch.value(i));
    case Type.Binary:
    case Type.LargeBinary:
    case Type.Utf8:
    case Type.LargeUtf8:
      return bytesOf(batch, isText(type));
    case Type.BinaryView:
    case Type.Utf8View:
      return viewsOf(batch, isText(type));
    case Type.Dictionary:
      return entriesOf(batch);
    default:
      throw new Error('nested values');
  }
}

function isText({ typeId }: DataType): boolean {
  return typeId === Type.Utf8 || typeId === Type.LargeUtf8 || typeId === Type.Utf8View;
}

function withDigits(unscaled: bigint, digits: number): bigint {
  const most = 10n ** BigInt(digits);
  if (unscaled < most && -unscaled < most) return unscaled;
  throw new Error(`a decimal with more than ${digits} digits`);
}

/** @param seconds in a tick; null for milliseconds */
function dateOf(ticks: number | bigint, seconds: bigint | null): string {
  const written =
    seconds === null ? timestamp(BigInt(ticks), 3) : timestamp(BigInt(ticks) * seconds, 0);
  return written.replace(/T00:00:00(\.000)?Z$/, '');
}

/** Texts and bytes, one after another. */
function bytesOf({ length, offsets, values }: Batch, text: boolean): Cells {
  const bytes = values as unknown as Uint8Array;
  if (length === 0) return () => null;
  checkLength(offsets?.length ?? 0, length + 1);
  let last = Number(offsets![0]);
  if (last < 0) throw new Error('damaged offsets');
  for (let i = 1; i <= length; i++) {
    const offset = Number(offsets![i]);
    if (offset < last) throw new Error('damaged offsets');
    last = offset;
  }
  if (last > bytes.length) throw new Error('texts beyond the buffer');
  return (i) => cellOf(bytes.subarray(Number(offsets![i]), Number(offsets![i + 1])), text);
}

/** Bytes in a view of a text or of bytes: its length, and up to 12 bytes, or the first 4 and where the whole is. */
const VIEW = 16;
const SHORT = 12;

function viewsOf({ length, values, data = [] }: Batch, text: boolean): Cells {
  const views = Buffer.from((values as unknown as Uint8Array).slice());
  checkLength(views.length, VIEW * length);
  return (i) => {
    const at = VIEW * i;
    const size = views.readInt32LE(at);
    if (size >= 0 && size <= SHORT) {
      const rest = views.subarray(at + 4 + size, at + VIEW);
      if (rest.some((byte) => byte !== 0)) throw new Error('a damaged view');
      return cellOf(views.subarray(at + 4, at + 4 + size), text);
    }
    const buffer = data[views.readInt32LE(at + 8)];
    const start = views.readInt32LE(at + 12);
    if (size < 0 || !buffer || start < 0 || start + size > buffer.length) {
      throw new Error('a view beyond its buffer');
    }
    const bytes = buffer.subarray(start, start + size);
    if (!views.subarray(at + 4, at + 8).equals(bytes.subarray(0, 4)))
      throw new Error('a damaged view');
    return cellOf(bytes, text);
  };
}

function cellOf(bytes: Uint8Array, text: boolean): unknown {
  if (text && !isUtf8(bytes)) throw new Error('a text that is not UTF-8');
  return exactCell(bytes);
}

/** Cells of dictionaries, which many batches share. */
const entries = new WeakMap<Column<unknown>, readonly unknown[]>();

function entriesOf({ length, values, dictionary }: Batch): Cells {
  if (!dictionary) throw new Error('no dictionary');
  checkLength(values.length, length);
  let all = entries.get(dictionary);
  if (!all) {
    const cells = cellsOf(dictionary);
    all = dictionary.data.flatMap((batch, b) =>
      Array.from({ length: batch.length }, (_, i) => cells[b]!(i)),
    );
    entries.set(dictionary, all);
  }
  return (i) => {
    const index = Number(values[i]);
    if (index >= 0 && index < all.length) return all[index];
    throw new Error(`value ${index} of a dictionary of ${all.length}`);
  };
}

function checkLength(found: number, expected: number): void {
  if (found < expected) throw new Error('a buffer that is shorter than its column');
}
