/** Distribution functions that the tests need, in float64. Relative errors are below 1e-10 (tested against scipy). */
import { gammaln, probit } from 'simple-statistics';
import { ALPHA } from './interval.ts';

const TINY = 1e-300;
/** Where Taylor series and continued fraction of erfc meet. */
const SERIES_UP_TO = 2;

/** Φ(x) of the standard normal distribution. */
export function normalCdf(x: number): number {
  return x < 0 ? erfc(-x / Math.SQRT2) / 2 : 1 - erfc(x / Math.SQRT2) / 2;
}

/** Φ⁻¹(p), 0 < p < 1: the library's value, good to 1e-3, and three steps of Halley's method. */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p <= 0) return Number.NEGATIVE_INFINITY;
  let x = p < 1e-10 ? -Math.sqrt(-2 * Math.log(p)) : probit(p);
  for (let round = 0; round < 3; round++) {
    const excess = (normalCdf(x) - p) * Math.sqrt(2 * Math.PI) * Math.exp((x * x) / 2);
    x -= excess / (1 + (x * excess) / 2);
  }
  return x;
}

/** P(|T| ≥ |t|) of Student's distribution. @param df degrees of freedom, above 0 */
export function tTails(t: number, df: number): number {
  return incompleteBeta(df / (df + t * t), df / 2, 1 / 2);
}

/** The t with P(|T| ≥ t) = `tails`, 0 < tails < 1. */
export function tQuantile(tails: number, df: number): number {
  // Bisection in arctan t: from 0 to ∞ in a bounded interval.
  const angle = bisect((at) => tTails(Math.tan(at), df) - tails, 0, Math.PI / 2);
  return Math.tan(angle);
}

const critical = new Map<number, number>();

/** The t beyond which p < α, two-sided. Power asks for it again and again. */
export function criticalT(df: number, alpha = ALPHA): number {
  if (alpha !== ALPHA) return tQuantile(alpha, df);
  const value = critical.get(df) ?? tQuantile(ALPHA, df);
  critical.set(df, value);
  return value;
}

/** P(F ≥ f) of Fisher's distribution. */
export function fTail(f: number, df1: number, df2: number): number {
  return incompleteBeta(df2 / (df2 + df1 * f), df2 / 2, df1 / 2);
}

/**
 * P(χ² ≥ x), by Q(df + 2) = Q(df) + (x/2)^(df/2)·e^(−x/2)/Γ(df/2 + 1) from df = 1 or 2 (Abramowitz & Stegun 26.4.8).
 * @param df degrees of freedom, whole, at least 1
 */
export function chiSquareTail(x: number, df: number): number {
  const isOdd = df % 2 === 1;
  let tail = isOdd ? erfc(Math.sqrt(x / 2)) : Math.exp(-x / 2);
  if (x === 0) return 1;
  for (let half = isOdd ? 1 / 2 : 1; half < df / 2; half++) {
    tail += Math.exp(half * Math.log(x / 2) - x / 2 - gammaln(half + 1));
  }
  return tail;
}

/** P(X = successes) of a hypergeometric X: white balls among `draws` from an urn. */
export function hypergeometric(
  successes: number,
  {
    white,
    black,
    draws,
  }: { readonly white: number; readonly black: number; readonly draws: number },
): number {
  return Math.exp(
    logChoose(white, successes) +
      logChoose(black, draws - successes) -
      logChoose(white + black, draws),
  );
}

/** P(X = 0), …, P(X = n) of a binomial X: successes of n with probability `share` each. */
export function binomialShares(n: number, share: number): number[] {
  const certain = share === 0 || share === 1 ? n * share : null;
  return Array.from({ length: n + 1 }, (_, k) => {
    if (certain !== null) return k === certain ? 1 : 0;
    return Math.exp(logChoose(n, k) + k * Math.log(share) + (n - k) * Math.log1p(-share));
  });
}

/** The zero of a falling function between `low` and `high`, to rounding. */
export function bisect(falling: (at: number) => number, low: number, high: number): number {
  let [below, above] = [low, high];
  for (let round = 0; round < 200; round++) {
    const middle = (below + above) / 2;
    if (middle === below || middle === above) break;
    if (falling(middle) > 0) below = middle;
    else above = middle;
  }
  return (below + above) / 2;
}

function logChoose(n: number, k: number): number {
  if (k < 0 || k > n) return Number.NEGATIVE_INFINITY;
  return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1);
}

/** 1 − erf(x) for x ≥ 0 (Abramowitz & Stegun 7.1.6 and 7.1.14). */
function erfc(x: number): number {
  const factor = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (x < SERIES_UP_TO) {
    let [term, sum] = [2 * x, 2 * x];
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - factor * sum;
  }
  let tail = x;
  for (let n = Math.ceil(180 / (x * x)) + 5; n >= 1; n--) tail = x + n / 2 / tail;
  return factor / tail;
}

/**
 * Regularized incomplete beta function I_x(a, b), by the continued fraction DLMF 8.17.22, evaluated by Lentz's method; where
 * that converges slowly, by 1 − I_{1−x}(b, a).
 */
function incompleteBeta(x: number, a: number, b: number): number {
  if (!(x > 0)) return Number.isNaN(x) ? Number.NaN : 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(
    gammaln(a + b) - gammaln(a) - gammaln(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
  const coefficient = (m: number) => {
    const half = m >> 1;
    return m % 2 === 0
      ? (half * (b - half) * x) / ((a + m - 1) * (a + m))
      : (-(a + half) * (a + b + half) * x) / ((a + m - 1) * (a + m));
  };
  let [value, c, d] = [1, 1, 0];
  for (let m = 1; m < 10_000; m++) {
    const of = coefficient(m);
    d = 1 / nonZero(1 + of * d);
    c = nonZero(1 + of / c);
    value *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return front / (a * value);
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
