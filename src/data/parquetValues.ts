/** Values of Parquet columns, exactly: what float64, dates in milliseconds or lenient decoding would change is text. */
import { isUtf8 } from 'node:buffer';
import { type FileMetaData, type ParquetParsers, parquetSchema } from 'hyparquet';
import { WrittenNumber } from './table.ts';

/** Bytes that are not UTF-8 stay bytes, which no column of texts or labels accepts. */
function text(bytes: Uint8Array): unknown {
  return bytes && (isUtf8(bytes) ? Buffer.from(bytes).toString() : bytes);
}

export const exactParsers: Partial<ParquetParsers> = {
  stringFromBytes: text,
  jsonFromBytes: text,
  geometryFromBytes: (bytes) => bytes,
  geographyFromBytes: (bytes) => bytes,
  timestampFromMilliseconds: (millis) => timestamp(BigInt(millis), 3),
  timestampFromMicroseconds: (micros) => timestamp(BigInt(micros), 6),
  timestampFromNanoseconds: (nanos) => timestamp(BigInt(nanos), 9),
  dateFromDays: (days) => timestamp(BigInt(days) * 86_400n, 0).replace(/T00:00:00Z$/, ''),
};

/** `2024-05-01T12:00:00.000001Z`. @param digits of the fraction of a second */
function timestamp(ticks: bigint, digits: number): string {
  const perSecond = 10n ** BigInt(digits);
  const fraction = ((ticks % perSecond) + perSecond) % perSecond;
  const date = new Date(Number((ticks - fraction) / perSecond) * 1000);
  if (Number.isNaN(date.getTime())) return `${ticks}/${perSecond} s since 1970`;
  const seconds = date.toISOString().replace(/\.000Z$/, '');
  return digits === 0 ? `${seconds}Z` : `${seconds}.${String(fraction).padStart(digits, '0')}Z`;
}

/**
 * Decimal places of the columns of decimals, by name. The library would read decimals as float64: it is made to hand over
 * their integers.
 */
export function decimalFields(metadata: FileMetaData): ReadonlyMap<string, number> {
  const scales = new Map<string, number>();
  for (const { element } of parquetSchema(metadata).children) {
    if (element.converted_type !== 'DECIMAL') continue;
    scales.set(element.name, element.scale ?? 0);
    delete element.converted_type;
  }
  return scales;
}

/** @param scale decimal places, for a column of decimals */
export function exactCell(value: unknown, scale: number | undefined): unknown {
  if (value === null || value === undefined) return null;
  if (scale !== undefined) return decimal(value, scale);
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : new WrittenNumber(String(value));
  }
  if (Object.is(value, -0)) return new WrittenNumber('-0');
  if (value instanceof Uint8Array) return text(value);
  return value;
}

function decimal(value: unknown, scale: number): unknown {
  const unscaled =
    value instanceof Uint8Array
      ? BigInt.asIntN(8 * value.length, BigInt(`0x${Buffer.from(value).toString('hex') || '0'}`))
      : BigInt(value as number | bigint);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const point = digits.length - scale;
  const written = scale > 0 ? `${digits.slice(0, point)}.${digits.slice(point)}` : digits;
  return new WrittenNumber((unscaled < 0n ? '-' : '') + written);
}
