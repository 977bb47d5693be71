/**
 * Almost stochastic order (del Barrio, Cuesta-Albertos & Matrán 2018; Dror, Shlomov & Reichart 2019): how far one method is from being
 * better at every quantile of its results.
 */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { keyedRandom } from '../../engine/keyedRandom.ts';
import { normalQuantile } from './distributions.ts';
import { ALPHA } from './interval.ts';
import { summarise } from './summary.ts';

const RESAMPLES = 1000;

/**
 * An upper bound, with 95 % confidence, on the violation ratio: 0 where every quantile of `one` is higher, 1 where every one is lower;
 * `one` is called almost stochastically dominant below 0.5, and clearly so below 0.2.
 *
 * ε = ∫ max(G⁻¹ − F⁻¹, 0)² dt / ∫ (G⁻¹ − F⁻¹)² dt over the quantile functions, and the bound is ε + z₀.₉₅·σ of 1,000 seeded bootstrap
 * samples, within 0…1. Pairs are ignored.
 * @param one values of which higher ones are better; at least two, as of `other`
 */
export function stochasticOrder(one: readonly number[], other: readonly number[]): number {
  const ratio = violationRatio(one, other);
  const random = keyedRandom('stochastic order', one.length, other.length);
  const resample = (values: readonly number[]) =>
    values.map(() => values[uniformInt(random, 0, values.length - 1)]!);
  const ratios = Array.from({ length: RESAMPLES }, () =>
    violationRatio(resample(one), resample(other)),
  );
  const sigma = summarise(ratios).std!;
  return Math.min(1, Math.max(0, ratio + normalQuantile(1 - ALPHA) * sigma));
}

/** Exact: the quantile functions of samples are steps. A half where both are the same. */
export function violationRatio(one: readonly number[], other: readonly number[]): number {
  const [f, g] = [one, other].map((values) => values.toSorted((a, b) => a - b)) as [
    number[],
    number[],
  ];
  let [violated, distance, at] = [0, 0, 0];
  for (let i = 0, j = 0; i < f.length && j < g.length; ) {
    const [endOne, endOther] = [(i + 1) / f.length, (j + 1) / g.length];
    const end = Math.min(endOne, endOther);
    const square = (g[j]! - f[i]!) ** 2 * (end - at);
    distance += square;
    if (g[j]! > f[i]!) violated += square;
    at = end;
    if (endOne <= end + 1e-12) i++;
    if (endOther <= end + 1e-12) j++;
  }
  return distance === 0 ? 0.5 : violated / distance;
}
