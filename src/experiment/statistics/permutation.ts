/** Permutation test of paired differences. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { keyedRandom } from '../../engine/keyedRandom.ts';

/** Up to so many pairs all 2ⁿ signs are tried. */
const EXACT_UP_TO = 14;
const ROUNDS = 9999;
/** Sums that differ by rounding alone count as equal. */
const TOLERANCE = 1e-10;

/**
 * Two-sided p of the hypothesis that each difference is as likely to have the opposite sign (Fisher 1935; Pitman 1937): the share
 * of the 2ⁿ assignments of signs whose sum is at least as large as the observed one. Over more than 14 differences, a seeded
 * sample of assignments with the observed one added: (extreme + 1) / (rounds + 1) (Phipson & Smyth 2010), never 0.
 *
 * With n pairs it is never below 2^(1 − n): under six pairs it cannot reach 0.05.
 */
export function signFlipP(differences: readonly number[]): number {
  const bound = Math.abs(sum(differences)) - TOLERANCE * sum(differences.map(Math.abs));
  const sums = signFlippedSums(differences);
  let extreme = 0;
  for (const total of sums) if (Math.abs(total) >= bound) extreme++;
  return extreme / sums.length;
}

/**
 * Σ ±xᵢ under assignments of signs, the observed one first: under all 2ⁿ, over more than 14 values under a seeded sample. As many
 * values always meet the same assignments in the same order.
 */
export function signFlippedSums(values: readonly number[]): Float64Array {
  if (values.length > EXACT_UP_TO) return sampledSums(values);
  const signed = [...values];
  const sums = new Float64Array(2 ** values.length);
  sums[0] = sum(signed);
  for (let count = 1; count < sums.length; count++) {
    // Gray code: from one assignment to the next a single sign changes.
    const flipped = 31 - Math.clz32(count & -count);
    sums[count] = sums[count - 1]! - 2 * signed[flipped]!;
    signed[flipped] = -signed[flipped]!;
  }
  return sums;
}

function sampledSums(values: readonly number[]): Float64Array {
  const n = values.length;
  const signs = sampledSigns(n);
  const sums = new Float64Array(ROUNDS + 1);
  sums[0] = sum(values);
  for (let round = 1, word = 0; round <= ROUNDS; round++) {
    let total = 0;
    for (let i = 0, bits = 0; i < n; i++, bits >>>= 1) {
      if (i % WORD === 0) bits = signs[word++]!;
      // Not a condition: processors guess half of these wrong.
      total += ((bits & 1) * 2 - 1) * values[i]!;
    }
    sums[round] = total;
  }
  return sums;
}

/** Signs in an integer. */
const WORD = 30;
const samples = new Map<number, Uint32Array>();

/** The assignments of signs to n values, a bit a sign; kept, as they are drawn more slowly than used. */
function sampledSigns(n: number): Uint32Array {
  let signs = samples.get(n);
  if (signs === undefined) {
    const random = keyedRandom('sign flips', n);
    signs = Uint32Array.from({ length: ROUNDS * Math.ceil(n / WORD) }, () =>
      uniformInt(random, 0, 2 ** WORD - 1),
    );
    samples.set(n, signs);
  }
  return signs;
}

/** So many pairs, at least, can have p < 0.05. */
export const LEAST_TO_PERMUTE = 6;

/** The least p that so many pairs can give. */
export function smallestP(pairs: number): number {
  return pairs <= EXACT_UP_TO ? Math.min(1, 2 ** (1 - pairs)) : 1 / (ROUNDS + 1);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
