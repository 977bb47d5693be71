/** Values of binary files, exactly: what float64, dates in milliseconds or lenient decoding would change is text. */
import { isUtf8 } from 'node:buffer';
import { WrittenNumber } from './table.ts';

/** Bytes that are not UTF-8 stay bytes, which no column of texts or labels accepts. */
export function text(bytes: Uint8Array): unknown {
  return bytes && (isUtf8(bytes) ? Buffer.from(bytes).toString() : bytes);
}

/** `2024-05-01T12:00:00.000001Z`. @param digits of the fraction of a second */
export function timestamp(ticks: bigint, digits: number): string {
  const perSecond = 10n ** BigInt(digits);
  const fraction = ((ticks % perSecond) + perSecond) % perSecond;
  const date = new Date(Number((ticks - fraction) / perSecond) * 1000);
  if (Number.isNaN(date.getTime())) return `${ticks}/${perSecond} s since 1970`;
  const seconds = date.toISOString().replace(/\.000Z$/, '');
  return digits === 0 ? `${seconds}Z` : `${seconds}.${String(fraction).padStart(digits, '0')}Z`;
}

export function exactCell(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : new WrittenNumber(String(value));
  }
  if (Object.is(value, -0)) return new WrittenNumber('-0');
  if (value instanceof Uint8Array) return text(value);
  return value;
}

/** @param unscaled the digits as an integer @param scale decimal places */
export function decimal(unscaled: bigint, scale: number): WrittenNumber {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const point = digits.length - scale;
  const written = scale > 0 ? `${digits.slice(0, point)}.${digits.slice(point)}` : digits;
  return new WrittenNumber((unscaled < 0n ? '-' : '') + written);
}
