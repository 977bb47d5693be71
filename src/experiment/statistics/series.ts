/** Figures of values in an order: those of a curve, or of runs one after another. */
import { linearRegression, sampleCorrelation, sumNthPowerDeviations } from 'simple-statistics';
import { normalCdf, tTails } from './distributions.ts';

/**
 * Correlation of the values with those `lag` places before them, −1…1 (as pandas has it: Pearson's, of the pairs).
 * @param lag at least 1
 * @returns `null` for fewer than two pairs, or where either side of them is constant
 */
export function autocorrelation(values: readonly number[], lag: number): number | null {
  const [later, earlier] = [values.slice(lag), values.slice(0, -lag)];
  if (later.length < 2 || [later, earlier].some(isConstant)) return null;
  return Math.min(1, Math.max(-1, sampleCorrelation(later, earlier)));
}

/** So many lags are asked about independence. */
const INDEPENDENCE_LAGS = 5;

export interface Dependence {
  /** Of which p is the least. */
  readonly lag: number;
  readonly autocorrelation: number;
  /** With Bonferroni's correction for the lags; of normal approximation, r·√(n − lag). */
  readonly p: number;
}

/**
 * Do values depend on those before them? The autocorrelation of the lag that most speaks for it, of lags 1…5.
 * @returns `null` for fewer than seven values, or constant ones
 */
export function dependence(values: readonly number[]): Dependence | null {
  const n = values.length;
  if (n < INDEPENDENCE_LAGS + 2) return null;
  const lags = Array.from({ length: INDEPENDENCE_LAGS }, (_, i) => i + 1).flatMap((lag) => {
    const r = autocorrelation(values, lag);
    return r === null
      ? []
      : [{ lag, autocorrelation: r, errors: Math.abs(r) * Math.sqrt(n - lag) }];
  });
  if (lags.length === 0) return null;
  const { errors, ...most } = lags.reduce((a, b) => (b.errors > a.errors ? b : a));
  return { ...most, p: Math.min(1, INDEPENDENCE_LAGS * 2 * normalCdf(-errors)) };
}

export interface Trend {
  /** Change from one value to the next, by least squares. */
  readonly slope: number;
  /** Of slope 0, if errors were independent and normal – which those of a curve are not. */
  readonly p: number;
}

/** @param values at least three, at equal distances */
export function trendOf(values: readonly number[]): Trend {
  const n = values.length;
  if (isConstant(values)) return { slope: 0, p: 1 };
  const { m: slope, b } = linearRegression(values.map((value, i) => [i, value]));
  const residual = values.reduce((sum, value, i) => sum + (value - b - slope * i) ** 2, 0);
  const squaresOfPlaces = (n ** 3 - n) / 12;
  const error = Math.sqrt(residual / (n - 2) / squaresOfPlaces);
  return { slope, p: error === 0 ? 0 : tTails(slope / error, n - 2) };
}

/** Apart from rounding. */
function isConstant(values: readonly number[]): boolean {
  const size = Math.max(...values.map(Math.abs));
  return sumNthPowerDeviations([...values], 2) <= values.length * (1e-12 * size) ** 2;
}
