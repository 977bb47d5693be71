/** Figures as cells of a table. */
import type { Interval } from '../statistics/interval.ts';
import { decimalsFor, fixed, formatP, significant } from '../wording.ts';

export const NONE = '–';

/** For bounds of spreads, which may be orders of magnitude apart. */
export function inDigits(value: number): string {
  return significant(value, 2);
}

/** With a decimal where it is small: "0.3 %", "12 %". */
export function inPercent(share: number): string {
  return `${significant(100 * share, share < 0.1 ? 1 : 2)} %`;
}

/** With decimals that show two significant digits of a size. */
export function inDecimals(size: number): (value: number) => string {
  const decimals = decimalsFor(size);
  return (value) => fixed(value, decimals);
}

/** "0.869 [0.855, 0.880]". */
export function withInterval(
  text: string,
  interval: Interval | null,
  format: (value: number) => string,
): string {
  return interval ? `${text} [${format(interval.low)}, ${format(interval.high)}]` : text;
}

export function pText(p: number | null): string {
  return p === null ? NONE : formatP(p).replace(/^p (= )?/, '');
}
