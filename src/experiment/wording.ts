/** Figures in sentences. Rounding never turns one into what it is not: an interval that excludes 0 is not printed as one that contains it. */
import { isActive } from '../runs/status.ts';
import type { SeedResult } from './seedResults.ts';
import { ALPHA, halfWidth, type Interval } from './statistics/interval.ts';
import type { Summary } from './statistics/summary.ts';

/** "5 seeds", "1 seed". */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** With a true minus sign and so many decimals. */
export function fixed(value: number, decimals: number): string {
  return value.toFixed(decimals).replace('-', '−');
}

/** With so many significant digits. */
export function significant(value: number, digits = 3): string {
  return String(Number(value.toPrecision(digits))).replace('-', '−');
}

/** Decimals that show two significant digits of a size. */
export function decimalsFor(size: number): number {
  if (!(size > 0) || !Number.isFinite(size)) return 3;
  return Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(size))));
}

/** "0.869 ± 0.015": mean and standard deviation over seeds; the mean alone if there is only one. */
export function formatFigures({ mean, std }: Pick<Summary, 'mean' | 'std'>): string {
  const decimals = decimalsFor(std ?? 0);
  return `${fixed(mean, decimals)}${std === null ? '' : ` ± ${fixed(std, decimals)}`}`;
}

/** A p value and, of one below 0.05, what Holm's correction makes of it; empty without one. */
export function formatPs(p: number | null, adjusted: number | null = p): string[] {
  if (p === null) return [];
  if (adjusted === null || adjusted === p || p >= ALPHA) return [formatP(p)];
  return [`${formatP(p)}, among all comparisons ${formatP(adjusted).replace('p = ', '')}`];
}

/** "p = 0.031", "p < 0.001"; what is below 0.05 is not rounded up to it. */
export function formatP(p: number): string {
  if (p < 0.001) return 'p < 0.001';
  const digits = [2, 3].find((digits) => p < ALPHA === Number(p.toPrecision(digits)) < ALPHA);
  return digits === undefined ? `p < ${ALPHA.toFixed(2)}` : `p = ${significant(p, digits)}`;
}

/** What decides the decimals of a value: half of its interval or, without one, its own size. */
export function uncertaintyOf(value: number, interval: Interval | null): number {
  return interval ? halfWidth(interval) : Math.abs(value);
}

/** "95 % −0.003 … 0.011". @param against the value of no difference, to which no bound is rounded */
export function formatInterval({ low, high }: Interval, against: number): string {
  let decimals = decimalsFor(halfWidth({ low, high }));
  while (decimals < 12 && [low, high].some((bound) => isHidden(bound, against, decimals))) {
    decimals++;
  }
  return `95 % ${fixed(low, decimals)} … ${fixed(high, decimals)}`;
}

function isHidden(bound: number, against: number, decimals: number): boolean {
  const rounded = Number(bound.toFixed(decimals));
  return bound !== against && Math.sign(rounded - against) !== Math.sign(bound - against);
}

/** "95 % 0.5 … 4.9" of a positive factor. @param against as in `formatInterval` */
export function formatFactorInterval({ low, high }: Interval, against = 1): string {
  let digits = 2;
  const text = (bound: number) => Number(bound.toPrecision(digits));
  const isHiding = (bound: number) =>
    Math.sign(text(bound) - against) !== Math.sign(bound - against);
  while (digits < 12 && [low, high].some(isHiding)) digits++;
  return `95 % ${significant(low, digits)} … ${significant(high, digits)}`;
}

/** A method's label without the point of the grid that a sentence has named: "grain" of "grain learningRate=1e-5". */
export function nameWithin(point: string | undefined, method: string): string {
  return point === undefined ? method : method.slice(0, -point.length - 1);
}

/** The most comparisons that are told one by one, whatever they show. */
export const TOLD = 3;

/** A run that will have a result. */
export function isPending({ status }: Pick<SeedResult, 'status'>): boolean {
  return isActive(status);
}

/** A reason, inside a sentence. */
export function unended(reason: string | null): string {
  return (reason ?? 'for an unknown reason').replace(/\.$/, '');
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
