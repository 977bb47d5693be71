/** How the library is made to hand over values of Parquet columns exactly. */
import { type FileMetaData, type ParquetParsers, parquetSchema } from 'hyparquet';
import { decimal, exactCell, text, timestamp } from '../exactValues.ts';

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

/**
 * Decimal places of the columns of decimals, by name. The library would read decimals as float64: it is made to hand over
 * their integers.
 */
export function decimalFields(metadata: FileMetaData): ReadonlyMap<string, number> {
  const scales = new Map<string, number>();
  for (const { element } of parquetSchema(metadata).children) {
    if (element.converted_type !== 'DECIMAL') continue;
    const { scale = 0, precision = 0 } = element;
    // Parquet allows no scale beyond the precision: a damaged one would be a text of millions of zeros.
    if (!(scale >= 0 && scale <= precision)) {
      throw new Error(`damaged metadata: ${scale} decimal places of ${precision} digits`);
    }
    scales.set(element.name, scale);
    delete element.converted_type;
  }
  return scales;
}

/** @param scale decimal places, for a column of decimals */
export function parquetCell(value: unknown, scale: number | undefined): unknown {
  if (scale === undefined || value === null || value === undefined) return exactCell(value);
  return decimal(unscaled(value as Uint8Array | number | bigint), scale);
}

/** Big-endian bytes, or an integer. */
function unscaled(value: Uint8Array | number | bigint): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value);
  const hex = Buffer.from(value).toString('hex') || '0';
  return BigInt.asIntN(8 * value.length, BigInt(`0x${hex}`));
}
