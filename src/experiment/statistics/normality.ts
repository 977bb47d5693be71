/** Could values be of a normal distribution? */
import { sum, sumNthPowerDeviations } from 'simple-statistics';
import { chiSquareTail, normalCdf, normalQuantile } from './distributions.ts';
import { hasSpread, summarise } from './summary.ts';

/** Below, the distribution of D'Agostino and Pearson's statistic is not yet that of χ². */
const LEAST_FOR_MOMENTS = 20;

export interface ShapiroWilk {
  /** Squared correlation of the sorted values with what they would be if they were normal: 0…1. */
  readonly w: number;
  readonly p: number;
}

/**
 * Shapiro and Wilk's test (1965), with weights and p by Royston's approximation (1995, algorithm AS R94).
 * @returns `null` for fewer than three values, or if all are alike
 */
export function shapiroWilk(values: readonly number[]): ShapiroWilk | null {
  const n = values.length;
  if (n < 3 || !hasSpread(summarise(values))) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const weights = shapiroWeights(n);
  const center = summarise(sorted).mean;
  const covered = sum(sorted.map((value, i) => weights[i]! * (value - center))) ** 2;
  const squares = sumNthPowerDeviations(sorted, 2);
  const w = Math.min(1, covered / squares);
  return { w, p: shapiroP(w, n) };
}

/** Of the sorted values, with squares that sum to 1: expected normal order statistics, the outermost by polynomials in 1/√n. */
function shapiroWeights(n: number): number[] {
  if (n === 3) return [-Math.SQRT1_2, 0, Math.SQRT1_2];
  const scores = Array.from({ length: n }, (_, i) => normalQuantile((i + 1 - 3 / 8) / (n + 1 / 4)));
  const length = Math.sqrt(sum(scores.map((score) => score ** 2)));
  const u = 1 / Math.sqrt(n);
  const outermost = [
    -scores[0]! / length + polynomial([0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056], u),
    -scores[1]! / length + polynomial([0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633], u),
  ].slice(0, n > 5 ? 2 : 1);
  const own = 2 * sum(outermost.map((weight) => weight ** 2));
  const replaced = 2 * sum(scores.slice(0, outermost.length).map((score) => score ** 2));
  const scale = Math.sqrt((length ** 2 - replaced) / (1 - own));
  return scores.map((score, i) => {
    const fromEnd = Math.min(i, n - 1 - i);
    return fromEnd < outermost.length ? Math.sign(score) * outermost[fromEnd]! : score / scale;
  });
}

/** A function of 1 − W is close to normal; for three values the distribution is known. */
function shapiroP(w: number, n: number): number {
  if (n === 3) return Math.max(0, (6 / Math.PI) * (Math.asin(Math.sqrt(w)) - Math.PI / 3));
  const y = Math.log(1 - w);
  if (n <= 11) {
    const most = -2.273 + 0.459 * n;
    if (y >= most) return 0;
    const center = polynomial([0.544, -0.39978, 0.025054, -6.714e-4], n);
    const scale = Math.exp(polynomial([1.3822, -0.77857, 0.062767, -0.0020322], n));
    return normalCdf((center + Math.log(most - y)) / scale);
  }
  const logN = Math.log(n);
  const center = polynomial([-1.5861, -0.31082, -0.083751, 0.0038915], logN);
  const scale = Math.exp(polynomial([-0.4803, -0.082676, 0.0030302], logN));
  return normalCdf((center - y) / scale);
}

/** @param coefficients of x⁰, x¹, … */
function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((value, coefficient) => value * x + coefficient, 0);
}

export interface DagostinoPearson {
  readonly chiSquare: number;
  readonly p: number;
}

/**
 * D'Agostino and Pearson's test (1973) of skewness and kurtosis together: each turned into a standard normal variable (D'Agostino
 * 1970; Anscombe & Glynn 1983), their squares against χ² with two degrees of freedom.
 * @returns `null` for fewer than twenty values, or if all are alike
 */
export function dagostinoPearson(values: readonly number[]): DagostinoPearson | null {
  const n = values.length;
  if (n < LEAST_FOR_MOMENTS || !hasSpread(summarise(values))) return null;
  const moment = (order: number) => sumNthPowerDeviations([...values], order) / n;
  const skewness = normalSkewness(moment(3) / moment(2) ** 1.5, n);
  const kurtosis = normalKurtosis(moment(4) / moment(2) ** 2, n);
  const chiSquare = skewness ** 2 + kurtosis ** 2;
  return { chiSquare, p: chiSquareTail(chiSquare, 2) };
}

function normalSkewness(skewness: number, n: number): number {
  const y = skewness * Math.sqrt(((n + 1) * (n + 3)) / (6 * (n - 2)));
  const beta =
    (3 * (n * n + 27 * n - 70) * (n + 1) * (n + 3)) / ((n - 2) * (n + 5) * (n + 7) * (n + 9));
  const w = Math.sqrt(2 * (beta - 1)) - 1;
  return Math.asinh(y / Math.sqrt(2 / (w - 1))) / Math.sqrt(Math.log(w) / 2);
}

function normalKurtosis(kurtosis: number, n: number): number {
  const expected = (3 * (n - 1)) / (n + 1);
  const variance = (24 * n * (n - 2) * (n - 3)) / ((n + 1) ** 2 * (n + 3) * (n + 5));
  const x = (kurtosis - expected) / Math.sqrt(variance);
  const skewness =
    ((6 * (n * n - 5 * n + 2)) / ((n + 7) * (n + 9))) *
    Math.sqrt((6 * (n + 3) * (n + 5)) / (n * (n - 2) * (n - 3)));
  const a = 6 + (8 / skewness) * (2 / skewness + Math.sqrt(1 + 4 / skewness ** 2));
  const root = Math.cbrt((1 - 2 / a) / (1 + x * Math.sqrt(2 / (a - 4))));
  return (1 - 2 / (9 * a) - root) / Math.sqrt(2 / (9 * a));
}
