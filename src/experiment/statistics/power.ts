/** What a number of seeds can show: power at α = 0.05, two-sided, for normally distributed values. */
import { gammaln } from 'simple-statistics';
import { bisect, criticalT, normalCdf } from './distributions.ts';

export const POWER = 0.8;
/** More seeds than this are as good as never. */
export const MOST_SEEDS = 1000;

/** E|Z| and Var|Z| of a standard normal Z. */
const ABSOLUTE_MEAN = Math.sqrt(2 / Math.PI);
const ABSOLUTE_VARIANCE = 1 - 2 / Math.PI;

/**
 * P(|T| > t₀.₉₇₅) of a noncentral t: the power of a t test. T = (Z + δ)/√(V/ν), so it is the mean over χ = √V of
 * Φ(δ − cχ/√ν) + Φ(−δ − cχ/√ν), by Simpson's rule.
 * @param noncentrality δ
 */
export function tPower(noncentrality: number, df: number): number {
  const critical = criticalT(df);
  const [from, to] = [Math.max(0, Math.sqrt(df) - 8), Math.sqrt(df) + 8];
  // With few degrees of freedom the integrand is steep near 0.
  const panels = df < 8 ? 1000 : 100;
  const width = (to - from) / panels;
  const logNorm = (1 - df / 2) * Math.LN2 - gammaln(df / 2);
  let total = 0;
  for (let i = 0; i <= panels; i++) {
    const chi = from + i * width;
    const density =
      chi === 0
        ? df === 1
          ? Math.exp(logNorm)
          : 0
        : Math.exp(logNorm + (df - 1) * Math.log(chi) - chi ** 2 / 2);
    const bound = (critical * chi) / Math.sqrt(df);
    const beyond = normalCdf(noncentrality - bound) + normalCdf(-noncentrality - bound);
    total += (i === 0 || i === panels ? 1 : i % 2 === 0 ? 2 : 4) * density * beyond;
  }
  return Math.min(1, (total * width) / 3);
}

/** Power of the paired t test. @param effect mean of the differences over their standard deviation */
export function powerOfMeans(effect: number, pairs: number): number {
  return pairs < 2 ? 0 : tPower(Math.abs(effect) * Math.sqrt(pairs), pairs - 1);
}

/** The effect that so many pairs show with 80 % power. */
export const visibleEffect = remembered((pairs) =>
  bisect((effect) => POWER - powerOfMeans(effect, pairs), 0, 1e3),
);

/**
 * Power of a comparison of spreads: a t test on |x − median|, whose means differ by (1 − ρ)·E|Z| and whose variances are Var|Z|
 * and ρ²·Var|Z| for a ratio ρ of standard deviations. Seeds that correlate make the true one higher.
 * @param ratio of standard deviations
 */
export function powerOfSpread(ratio: number, pairs: number): number {
  if (pairs < 2) return 0;
  const effect =
    (Math.abs(1 - ratio) * ABSOLUTE_MEAN) / Math.sqrt((1 + ratio ** 2) * ABSOLUTE_VARIANCE);
  return powerOfMeans(effect, pairs);
}

/** The least ratio above 1 that so many pairs show with 80 % power; infinite if none. */
export const visibleRatio = remembered((pairs) =>
  powerOfSpread(0, pairs) < POWER
    ? Number.POSITIVE_INFINITY
    : 1 / bisect((ratio) => powerOfSpread(ratio, pairs) - POWER, 0, 1),
);

/** The least number of pairs with 80 % power; `null` if more than 1000. @param power rises with the pairs */
export function pairsNeeded(power: (pairs: number) => number): number | null {
  if (power(MOST_SEEDS) < POWER) return null;
  let [below, enough] = [1, MOST_SEEDS];
  while (enough - below > 1) {
    const middle = (below + enough) >> 1;
    if (power(middle) >= POWER) enough = middle;
    else below = middle;
  }
  return enough;
}

/** The same numbers of seeds come up again and again. */
function remembered(of: (pairs: number) => number): (pairs: number) => number {
  const known = new Map<number, number>();
  return (pairs) => {
    const value = known.get(pairs) ?? of(pairs);
    known.set(pairs, value);
    return value;
  };
}
